/*
 * The names that a v3 configuration may use: the list of NVIDIA's GettingStarted
 * notebook and the published configurations.  With it "not built yet" and
 * "misspelt" are two different messages.
 */
#include "core/mmar/known.h"

#include <string.h>

static const char *const known_transforms[] = {"LoadNifti", "LoadPng", "LoadJpg",
	"LoadImageMasksFromNumpy", "ConvertToChannelsFirst", "RepeatChannel", "ScaleByFactor",
	"ScaleByResolution", "ScaleBySpacing", "ScaleToShape", "RestoreOriginalShape",
	"CropForegroundObject", "FastPosNegRatioCropROI", "CropByPosNegRatio",
	"FastCropByPosNegRatio", "CropByPosNegRatioLabelOnly", "SymmetricPadderDiv",
	"CropSubVolumeCenter", "CropRandomSizeWithDisplacement", "CropFixedSizeRandomCenter",
	"ScaleIntensityRange", "ScaleIntensityOscillation", "AddGaussianNoise",
	"NormalizeNonzeroIntensities", "CenterData", "AdjustContrast", "RandomGaussianSmooth",
	"RandomMRBiasField", "ScaleShiftIntensity", "RandomZoom", "RandomAxisFlip",
	"RandomSpatialFlip", "RandomRotate2D", "RandomRotate3D", "AddExtremePointsChannel",
	"SplitAcrossChannels", "SplitBasedOnLabel", "ThresholdValues", "SplitBasedOnBratsClasses",
	"ConvertToMultiChannelBasedOnLabel", "ConvertToMultiChannelBasedOnBratsClasses",
	"KeepLargestCC", "CopyProperties", "ArgmaxAcrossChannels", "FetchExtremePoints",
	"SaveAsNifti", "MergeBatchDims", NULL};
static const char *const known_losses[] = {"Dice", "CrossEntropy", "Focal", "FocalDice",
	"CrossEntropyDice", "BinaryClassificationLoss", "MulticlassClassificationLoss",
	"WeightedMulticlassClassificationLoss", NULL};
static const char *const known_networks[] = {
	"SegAhnet", "SegResnet", "Unet", "UnetParallel", "DenseNet121", "Alexnet", NULL};
static const char *const known_optimizers[] = {"Momentum", "Adam", "NovoGrad", NULL};
static const char *const known_schedules[] = {
	"ReducePoly", "DecayOnStep", "ReduceCosine", "ReduceOnPlateau", NULL};
static const char *const known_metrics[] = {
	"ComputeAverage", "ComputeAverageDice", "ComputeAUC", "ComputeMulticlassAverage", NULL};
static const char *const known_inferers[] = {"TFScanWindowInferer", "TFSimpleInferer", NULL};
static const char *const known_pipelines[] = {"ClassificationImagePipeline",
	"ClassificationKerasImagePipeline", "ClassificationImagePipelineWithCache",
	"ClassificationKerasImagePipelineWithCache", "SegmentationImagePipeline",
	"SegmentationKerasImagePipeline", "SegmentationImagePipelineWithCache",
	"SegmentationKerasImagePipelineWithCache", NULL};
static const char *const known_aux[] = {
	"NegLoss", "DiceMaskedOutput", "ComputeAccuracy", "ReduceMeanMasked", NULL};
static const char *const known_handlers[] = {
	"StatsHandler", "MMARHandler", "MMARStatsHandler", "MMARTensorboardHandler", NULL};
static const char *const known_writers[] = {"WriteNifti", NULL};
static const char *const known_loaders[] = {"CheckpointLoader", "FrozenGraphModelLoader", NULL};

static const char *const known_iterations[] = {NULL}; /* v4 brought them */

static const char *const *const known_names[COMPONENT_KINDS] = {
	[COMPONENT_TRANSFORM] = known_transforms,
	[COMPONENT_LOSS] = known_losses,
	[COMPONENT_NETWORK] = known_networks,
	[COMPONENT_OPTIMIZER] = known_optimizers,
	[COMPONENT_SCHEDULE] = known_schedules,
	[COMPONENT_METRIC] = known_metrics,
	[COMPONENT_INFERER] = known_inferers,
	[COMPONENT_PIPELINE] = known_pipelines,
	[COMPONENT_AUX] = known_aux,
	[COMPONENT_HANDLER] = known_handlers,
	[COMPONENT_WRITER] = known_writers,
	[COMPONENT_LOADER] = known_loaders,
	[COMPONENT_ITERATION] = known_iterations,
};

bool known_in_v3(enum component_kind kind, const char *name)
{
	for (const char *const *s = known_names[kind]; *s; s++)
		if (!strcmp(*s, name))
			return true;
	return false;
}

const char *known_nearest(enum component_kind kind, const char *name)
{
	const char *near[3] = {
		component_nearest(kind, name), problem_nearest(name, known_names[kind]), NULL};

	if (!near[0])
		return near[1];
	return near[1] ? problem_nearest(name, near) : near[0];
}

enum component_kind known_other_kind(const char *name)
{
	for (int i = 0; i < COMPONENT_KINDS; i++) {
		enum component_kind kind = (enum component_kind)i;

		if (component_find(kind, name) || known_in_v3(kind, name))
			return kind;
	}
	return COMPONENT_KINDS;
}
