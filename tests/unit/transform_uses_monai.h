/* Rows of the table of arguments in test_transforms.c: MONAI's dictionary transforms. */
{"LoadImaged", "{\"keys\": [\"image\", \"label\"]}"},
