#ifndef CORE_MMAR_PATHS_H
#define CORE_MMAR_PATHS_H

/*
 * An absolute path for one that may be relative: the first of root/path and
 * (working folder)/path that exists, else root/path.  The caller frees.
 */
char *path_find(const char *root, const char *path);

/*
 * A --set word for another process or a later day: DATASET_JSON and DATA_ROOT with a
 * relative path get the absolute one that path_find() gives here and now.  Other
 * words are copied.  The caller frees.
 */
char *path_of_set(const char *root, const char *set);

#endif
