#ifndef CORE_CUSTOM_FILES_H
#define CORE_CUSTOM_FILES_H

/* axial_custom.h and the templates, as they are in the source: from NAME to NAME_end. */
extern const char custom_file_header[], custom_file_header_end[];
extern const char custom_file_transform[], custom_file_transform_end[];
extern const char custom_file_loss[], custom_file_loss_end[];
extern const char custom_file_network[], custom_file_network_end[];
extern const char custom_file_optimizer[], custom_file_optimizer_end[];
extern const char custom_file_metric[], custom_file_metric_end[];

#endif
