/*
 * Every component name of Clara Train v3 (NVIDIA's GettingStarted notebook and the
 * published configurations) is a component here, and none is only known by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/component.h"
#include "core/mmar/known.h"

static const char *const names[COMPONENT_KINDS] = {
	[COMPONENT_LOSS] = "Dice CrossEntropy Focal FocalDice CrossEntropyDice "
			   "BinaryClassificationLoss MulticlassClassificationLoss "
			   "WeightedMulticlassClassificationLoss",
	[COMPONENT_OPTIMIZER] = "Momentum Adam NovoGrad",
	[COMPONENT_NETWORK] = "SegAhnet SegResnet Unet UnetParallel DenseNet121 Alexnet",
	[COMPONENT_SCHEDULE] = "ReducePoly DecayOnStep ReduceCosine ReduceOnPlateau",
	[COMPONENT_PIPELINE] = "ClassificationImagePipeline ClassificationKerasImagePipeline "
			       "ClassificationImagePipelineWithCache "
			       "ClassificationKerasImagePipelineWithCache "
			       "SegmentationImagePipeline SegmentationKerasImagePipeline "
			       "SegmentationImagePipelineWithCache "
			       "SegmentationKerasImagePipelineWithCache",
	[COMPONENT_TRANSFORM] =
		"LoadNifti LoadPng LoadJpg LoadImageMasksFromNumpy ConvertToChannelsFirst "
		"RepeatChannel ScaleByFactor ScaleByResolution ScaleBySpacing ScaleToShape "
		"RestoreOriginalShape "
		"CropForegroundObject FastPosNegRatioCropROI CropByPosNegRatio "
		"FastCropByPosNegRatio CropByPosNegRatioLabelOnly SymmetricPadderDiv "
		"CropSubVolumeCenter CropRandomSizeWithDisplacement CropFixedSizeRandomCenter "
		"ScaleIntensityRange ScaleIntensityOscillation AddGaussianNoise "
		"NormalizeNonzeroIntensities CenterData AdjustContrast RandomGaussianSmooth "
		"RandomMRBiasField ScaleShiftIntensity "
		"RandomZoom RandomAxisFlip RandomSpatialFlip RandomRotate2D RandomRotate3D "
		"AddExtremePointsChannel SplitAcrossChannels SplitBasedOnLabel ThresholdValues "
		"SplitBasedOnBratsClasses ConvertToMultiChannelBasedOnLabel "
		"ConvertToMultiChannelBasedOnBratsClasses KeepLargestCC CopyProperties "
		"ArgmaxAcrossChannels FetchExtremePoints SaveAsNifti MergeBatchDims "
		"PadCropWithFixedSize",
	[COMPONENT_METRIC] =
		"ComputeAverage ComputeAverageDice ComputeAUC ComputeMulticlassAverage",
	[COMPONENT_INFERER] = "TFScanWindowInferer TFSimpleInferer",
	[COMPONENT_AUX] = "NegLoss DiceMaskedOutput ComputeAccuracy ReduceMeanMasked",
	[COMPONENT_HANDLER] = "StatsHandler",
	[COMPONENT_WRITER] = "WriteNifti",
	[COMPONENT_LOADER] = "CheckpointLoader FrozenGraphModelLoader",
	[COMPONENT_ITERATION] = "", /* v3 has none */
};

static void test_names(void **state)
{
	int missing = 0;

	(void)state;
	for (int kind = 0; kind < COMPONENT_KINDS; kind++)
		for (const char *p = names[kind]; *p; p += strspn(p, " ")) {
			size_t n = strcspn(p, " ");
			const struct component *c;
			char name[64];

			assert_in_range(n, 1, sizeof(name) - 1);
			memcpy(name, p, n);
			name[n] = '\0';
			p += n;
			c = component_find((enum component_kind)kind, name);
			if (!c)
				print_message("no %s '%s'\n",
					component_kind_name((enum component_kind)kind), name);
			missing += !c;
		}
	assert_int_equal(missing, 0);
}

/* No two components of a kind answer to one name. */
static void test_unique(void **state)
{
	(void)state;
	for (int i = 0; component_at(i); i++) {
		const struct component *c = component_at(i);

		assert_ptr_equal(component_find(c->kind, c->name), c);
		for (const char *const *a = c->aliases; a && *a; a++)
			if (component_find(c->kind, *a) != c)
				fail_msg("'%s' names %s and %s", *a, c->name,
					component_find(c->kind, *a)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
