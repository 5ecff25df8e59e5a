/*
 * The files of a new MMAR: a small Unet on a CT data set with two classes.  They
 * are a start to edit; the comments in docs/Readme.md say what first.
 */
#include "core/mmar/template.h"

#include "core/base/mem.h"

#define TRAIN_SH(config, extra)                                               \
	"#!/usr/bin/env bash\n"                                               \
	"DIR=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\"\n"         \
	". \"$DIR/set_env.sh\"\n"                                             \
	"CONFIG_FILE=config/" config "\n"                                     \
	"ENVIRONMENT_FILE=config/environment.json\n\n"                        \
	"axial train -m \"$MMAR_ROOT\" -c $CONFIG_FILE -e $ENVIRONMENT_FILE " \
	"--write_train_stats \\\n\t--set " extra " \"$@\"\n"

#define EVALUATE_SH(extra)                                                           \
	"#!/usr/bin/env bash\n"                                                      \
	"DIR=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\"\n"                \
	". \"$DIR/set_env.sh\"\n"                                                    \
	"CONFIG_FILE=config/config_validation.json\n"                                \
	"ENVIRONMENT_FILE=config/environment.json\n\n"                               \
	"axial evaluate -m \"$MMAR_ROOT\" -c $CONFIG_FILE -e $ENVIRONMENT_FILE \\\n" \
	"\t--set " extra " \"$@\"\n"

static const char template_train[] =
	"{\n"
	"  \"epochs\": 100,\n"
	"  \"num_training_epoch_per_valid\": 10,\n"
	"  \"learning_rate\": 1e-3,\n"
	"  \"multi_gpu\": false,\n"
	"  \"use_amp\": false,\n"
	"  \"determinism\": {\"random_seed\": 1},\n"
	"  \"train\": {\n"
	"    \"loss\": {\"name\": \"Dice\", \"args\": {\"squared_pred\": true, "
	"\"skip_background\": true}},\n"
	"    \"optimizer\": {\"name\": \"Adam\"},\n"
	"    \"lr_policy\": {\"name\": \"ReducePoly\", \"args\": {\"poly_power\": 0.9}},\n"
	"    \"model\": {\n"
	"      \"name\": \"Unet\",\n"
	"      \"args\": {\"num_classes\": 2, \"nf_enc\": \"32,64,64,64\",\n"
	"        \"nf_dec\": \"64,64,64,64,64,32,32\", \"use_group_norm\": true}\n"
	"    },\n"
	"    \"pre_transforms\": [\n"
	"      {\"name\": \"LoadNifti\", \"args\": {\"fields\": [\"image\", \"label\"]}},\n"
	"      {\"name\": \"ConvertToChannelsFirst\", \"args\": {\"fields\": [\"image\", "
	"\"label\"]}},\n"
	"      {\"name\": \"ScaleByResolution#ScaleImg\",\n"
	"        \"args\": {\"fields\": [\"image\"], \"target_resolution\": [1.5, 1.5, 1.5]}},\n"
	"      {\"name\": \"ScaleByResolution#ScaleLb\",\n"
	"        \"args\": {\"fields\": [\"label\"], \"is_label\": true, \"target_resolution\": "
	"[1.5, 1.5, 1.5]}},\n"
	"      {\"name\": \"ScaleIntensityRange\",\n"
	"        \"args\": {\"fields\": \"image\", \"a_min\": -57, \"a_max\": 164, \"b_min\": 0.0, "
	"\"b_max\": 1.0, \"clip\": true}},\n"
	"      {\"name\": \"FastPosNegRatioCropROI\",\n"
	"        \"args\": {\"size\": [96, 96, 96], \"image_field\": \"image\", \"label_field\": "
	"\"label\", \"pos\": 1, \"neg\": 1}},\n"
	"      {\"name\": \"RandomSpatialFlip\", \"args\": {\"fields\": [\"image\", "
	"\"label\"]}},\n"
	"      {\"name\": \"ScaleShiftIntensity\", \"args\": {\"fields\": \"image\", \"scale\": "
	"0.1, \"shift\": 0.1}}\n"
	"    ],\n"
	"    \"image_pipeline\": {\n"
	"      \"name\": \"SegmentationImagePipeline\",\n"
	"      \"args\": {\"data_list_file_path\": \"{DATASET_JSON}\", \"data_file_base_dir\": "
	"\"{DATA_ROOT}\",\n"
	"        \"data_list_key\": \"training\", \"output_crop_size\": [96, 96, 96],\n"
	"        \"output_batch_size\": 2, \"num_workers\": 2, \"prefetch_size\": 4}\n"
	"    },\n"
	"    \"handlers\": [{\"name\": \"StatsHandler\"}]\n"
	"  },\n"
	"  \"validate\": {\n"
	"    \"metrics\": [\n"
	"      {\"name\": \"ComputeAverageDice\",\n"
	"        \"args\": {\"name\": \"mean_dice\", \"is_key_metric\": true, \"field\": "
	"\"model\", \"label_field\": \"label\"}}\n"
	"    ],\n"
	"    \"pre_transforms\": [\n"
	"      {\"ref\": \"LoadNifti\"}, {\"ref\": \"ConvertToChannelsFirst\"}, {\"ref\": "
	"\"ScaleImg\"},\n"
	"      {\"ref\": \"ScaleLb\"}, {\"ref\": \"ScaleIntensityRange\"}\n"
	"    ],\n"
	"    \"image_pipeline\": {\n"
	"      \"name\": \"SegmentationImagePipeline\",\n"
	"      \"args\": {\"data_list_file_path\": \"{DATASET_JSON}\", \"data_file_base_dir\": "
	"\"{DATA_ROOT}\",\n"
	"        \"data_list_key\": \"validation\", \"output_crop_size\": [-1, -1, -1],\n"
	"        \"output_batch_size\": 1, \"num_workers\": 1, \"prefetch_size\": 1}\n"
	"    },\n"
	"    \"inferer\": {\"name\": \"TFScanWindowInferer\", \"args\": {\"roi_size\": [96, 96, "
	"96]}}\n"
	"  }\n"
	"}\n";

static const char template_validation[] =
	"{\n"
	"  \"multi_gpu\": false,\n"
	"  \"batch_size\": 1,\n"
	"  \"inferer\": {\"name\": \"TFScanWindowInferer\", \"args\": {\"roi_size\": [96, 96, "
	"96]}},\n"
	"  \"model_loader\": {\"name\": \"CheckpointLoader\", \"args\": {\"checkpoint_dir\": "
	"\"{MMAR_CKPT_DIR}\"}},\n"
	"  \"pre_transforms\": [\n"
	"    {\"name\": \"LoadNifti\", \"args\": {\"fields\": [\"image\"]}},\n"
	"    {\"name\": \"ConvertToChannelsFirst\", \"args\": {\"fields\": [\"image\"]}},\n"
	"    {\"name\": \"ScaleByResolution\", \"args\": {\"fields\": [\"image\"], "
	"\"target_resolution\": [1.5, 1.5, 1.5]}},\n"
	"    {\"name\": \"ScaleIntensityRange\",\n"
	"      \"args\": {\"fields\": \"image\", \"a_min\": -57, \"a_max\": 164, \"b_min\": 0.0, "
	"\"b_max\": 1.0, \"clip\": true}}\n"
	"  ],\n"
	"  \"post_transforms\": [\n"
	"    {\"name\": \"ArgmaxAcrossChannels\", \"args\": {\"fields\": \"model\"}},\n"
	"    {\"name\": \"SplitBasedOnLabel\", \"args\": {\"field\": \"model\", \"label_names\": "
	"[\"pred_class0\", \"pred_class1\"]}},\n"
	"    {\"name\": \"CopyProperties\",\n"
	"      \"args\": {\"fields\": [\"pred_class0\", \"pred_class1\", \"model\"], "
	"\"from_field\": \"image\", \"properties\": [\"affine\"]}}\n"
	"  ],\n"
	"  \"label_transforms\": [\n"
	"    {\"name\": \"LoadNifti\", \"args\": {\"fields\": \"label\"}},\n"
	"    {\"name\": \"ConvertToChannelsFirst\", \"args\": {\"fields\": [\"label\"]}},\n"
	"    {\"name\": \"ScaleByResolution\",\n"
	"      \"args\": {\"fields\": [\"label\"], \"is_label\": true, \"target_resolution\": "
	"[1.5, 1.5, 1.5]}},\n"
	"    {\"name\": \"SplitBasedOnLabel\", \"args\": {\"field\": \"label\", \"label_names\": "
	"[\"label_class0\", \"label_class1\"]}}\n"
	"  ],\n"
	"  \"val_metrics\": [\n"
	"    {\"name\": \"ComputeAverageDice\",\n"
	"      \"args\": {\"name\": \"mean_dice_class1\", \"field\": \"pred_class1\", "
	"\"label_field\": \"label_class1\",\n"
	"        \"report_path\": \"{MMAR_EVAL_OUTPUT_PATH}\"}}\n"
	"  ],\n"
	"  \"writers\": [\n"
	"    {\"name\": \"WriteNifti\", \"args\": {\"field\": \"model\", \"dtype\": \"uint8\", "
	"\"write_path\": \"{MMAR_EVAL_OUTPUT_PATH}\"}}\n"
	"  ]\n"
	"}\n";

static const char template_environment[] = "{\n"
					   "  \"DATA_ROOT\": \"data\",\n"
					   "  \"DATASET_JSON\": \"data/dataset.json\",\n"
					   "  \"PROCESSING_TASK\": \"segmentation\",\n"
					   "  \"MMAR_EVAL_OUTPUT_PATH\": \"eval\",\n"
					   "  \"MMAR_CKPT_DIR\": \"models\"\n"
					   "}\n";

static const char template_readme[] =
	"# New segmentation model\n"
	"\n"
	"1. Put images, labels and a data list (Medical Segmentation Decathlon form, with\n"
	"   \"training\" and \"validation\") into data/, or point DATA_ROOT and DATASET_JSON in\n"
	"   config/environment.json to them.\n"
	"2. Set num_classes, the intensity range (a_min, a_max) and the target resolution in\n"
	"   config/config_train.json, and the same in config/config_validation.json.\n"
	"3. `axial mmar lint .` says what does not fit; `commands/train.sh` trains.\n";

static const char template_license[] = "Put the license of the model and its data here.\n";

static const char template_set_env[] = "#!/usr/bin/env bash\n"
				       "DIR=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\"\n"
				       "export MMAR_ROOT=\"$DIR/..\"\n";

static const char template_export[] = "#!/usr/bin/env bash\n"
				      "DIR=\"$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\"\n"
				      ". \"$DIR/set_env.sh\"\n\n"
				      "axial export -m \"$MMAR_ROOT\" \"$@\"\n";

static const char template_log[] = "[loggers]\n"
				   "keys=root,modelLogger\n"
				   "[logger_root]\n"
				   "level=INFO\n"
				   "[logger_modelLogger]\n"
				   "level=DEBUG\n";

static const struct template_file template_files[] = {
	{"commands/set_env.sh", template_set_env, true},
	{"commands/train.sh", TRAIN_SH("config_train.json", "multi_gpu=false"), true},
	{"commands/train_finetune.sh",
		TRAIN_SH("config_train.json", "MMAR_CKPT=models/model.safetensors"), true},
	{"commands/validate.sh", EVALUATE_SH("output_infer_result=false do_validation=true"), true},
	{"commands/infer.sh", EVALUATE_SH("output_infer_result=true do_validation=false"), true},
	{"commands/export.sh", template_export, true},
	{"config/config_train.json", template_train, false},
	{"config/config_validation.json", template_validation, false},
	{"config/environment.json", template_environment, false},
	{"docs/Readme.md", template_readme, false},
	{"docs/license.txt", template_license, false},
	{"eval/.gitkeep", "", false},
	{"models/.gitkeep", "", false},
	{"resources/log.config", template_log, false},
};

const struct template_file *template_at(int i)
{
	return i < (int)ARRAY_SIZE(template_files) ? &template_files[i] : NULL;
}
