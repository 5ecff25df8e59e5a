#ifndef TESTS_UNIT_MMAR_DIR_H
#define TESTS_UNIT_MMAR_DIR_H

/* A folder under the temporary folder for one test; the caller frees the name. */
char *test_dir_new(void);
void test_dir_free(char *dir);

/* Writes dir/path with text, making the folders; fails the test when it cannot. */
void test_file(const char *dir, const char *path, const char *text);

/* Replaces the first occurrence of from in a copy of text; fails when there is none. */
char *test_replace(const char *text, const char *from, const char *to);

#endif
