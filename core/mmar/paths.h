#ifndef CORE_MMAR_PATHS_H
#define CORE_MMAR_PATHS_H

/*
 * An absolute path for one that may be relative: the first of root/path and
 * (working folder)/path that exists, else root/path.  The caller frees.
 */
char *path_find(const char *root, const char *path);

#endif
