/* MONAI's transforms of fields and files, and arguments that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/volume/nifti.h"
#include "tests/unit/transform_rig.h"

static void test_items(void **state)
{
	struct sample *s = rig_sample("/nowhere");
	struct err err = ERR_INIT;

	(void)state;
	rig_must(s, "CopyItemsd", "{\"keys\": \"image\", \"times\": 2, \"names\": [\"a\", \"b\"]}",
		0);
	assert_true(rig_same_volume(sample_find(s, "b")->vol, sample_find(s, "image")->vol));
	rig_must(s, "ConcatItemsd", "{\"keys\": [\"image\", \"pred\", \"a\"], \"name\": \"all\"}",
		0);
	assert_int_equal(sample_find(s, "all")->vol->channels, 1 + 3 + 1);
	assert_true(sample_find(s, "all")->vol->data[volume_voxels(sample_find(s, "image")->vol)] ==
		    rig_model(0, 0, 0, 0));
	rig_must(s, "DeleteItemsd", "{\"keys\": [\"pred\", \"a\"]}", 0);
	assert_null(sample_find(s, "model"));
	assert_null(sample_find(s, "a"));
	rig_must(s, "SelectItemsd", "{\"keys\": [\"image\", \"all\"]}", 0);
	assert_int_equal(s->n, 2);
	assert_int_equal(rig_apply(s, "SelectItemsd", "{\"keys\": \"label\"}", 0, &err), -1);
	sample_free(s);
}

static void test_save(void **state)
{
	char dir[] = "/tmp/axial-save-XXXXXX", *args, *path;
	struct sample *s = rig_sample("/nowhere");
	struct err err = ERR_INIT;
	struct volume *v;

	(void)state;
	assert_non_null(mkdtemp(dir));
	args = mem_printf("{\"keys\": \"image\", \"output_dir\": \"%s\"}", dir);
	rig_must(s, "SaveImaged", args, 0);
	path = sys_join(dir, "case1/case1_image.nii.gz");
	v = nifti_read(path, &err);
	assert_non_null(v);
	assert_true(rig_same_volume(v, sample_find(s, "image")->vol));
	volume_free(v);
	assert_int_equal(sys_remove_tree(dir, &err), 0);
	sample_free(s);
	free(path);
	free(args);
}

static void test_refused(void **state)
{
	static const struct {
		const char *name, *args, *path;
	} bad[] = {
		{"LoadImaged", "{\"keys\": []}", "args.keys"},
		{"Spacingd", "{\"keys\": \"image\", \"pixdim\": 1, \"mode\": \"cubic\"}",
			"args.mode"},
		{"Spacingd",
			"{\"keys\": [\"a\", \"b\", \"c\"], \"pixdim\": 1, \"mode\": [\"nearest\", "
			"\"nearest\"]}",
			"args.mode"},
		{"Orientationd", "{\"keys\": \"image\", \"axcodes\": \"RAL\"}", "args.axcodes"},
		{"Orientationd", "{\"keys\": \"image\"}", "args.axcodes"},
		{"RandCropByPosNegLabeld",
			"{\"keys\": \"image\", \"label_key\": \"label\", \"spatial_size\": 4, "
			"\"pos\": 0, \"neg\": 0}",
			"args.pos"},
		{"RandRotate90d", "{\"keys\": \"image\", \"spatial_axes\": [1, 1]}",
			"args.spatial_axes"},
		{"RandAffined", "{\"keys\": \"image\", \"rotate_range\": \"x\"}",
			"args.rotate_range"},
		{"RandZoomd", "{\"keys\": \"image\", \"min_zoom\": 1.2}", "args.max_zoom"},
		{"RandShiftIntensityd", "{\"keys\": \"image\", \"offsets\": [1, 2, 3]}",
			"args.offsets"},
		{"AsDiscreted", "{\"keys\": \"image\", \"to_onehot\": true}", "args.n_classes"},
		{"Activationsd", "{\"keys\": \"image\", \"softmax\": true, \"sigmoid\": true}",
			"args.softmax"},
		{"CopyItemsd", "{\"keys\": \"image\", \"names\": [\"a\", \"b\"]}", "args.names"},
		{"ScaleIntensityd", "{\"keys\": \"image\", \"minv\": null}", "args.factor"},
		{"NormalizeIntensityd", "{\"keys\": \"image\", \"subtrahend\": [1, 2]}",
			"args.subtrahend"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct component_use u;
		struct problems ps = {0};

		assert_true(rig_use(&u, COMPONENT_TRANSFORM, bad[i].name, bad[i].args, 0, &ps) > 0);
		if (!strstr(ps.v[0].path, bad[i].path))
			fail_msg("%s %s: %s", bad[i].name, bad[i].args, ps.v[0].path);
		component_use_release(&u);
		problems_release(&ps);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_save),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
