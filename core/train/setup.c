/*
 * Everything before the first step: configuration, data lists, pipelines,
 * network, plan, run folder.  All problems of configuration and data are gathered
 * and reported together, before anything is written.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/sys.h"
#include "core/net/net.h"
#include "core/train/source.h"
#include "core/train/trainer.h"

static const struct pipeline_args *setup_pipeline_args(const struct component_use *u)
{
	return u->args;
}

static struct datalist *setup_list(
	const struct component_use *pipe, const struct component_use *network, struct problems *ps)
{
	const struct pipeline_args *a = setup_pipeline_args(pipe);
	struct datalist *list =
		datalist_read(a->data_list_file_path, a->data_file_base_dir, a->data_list_key, ps);
	const struct net_ops *net = network->c->ops;
	int classes = net->classes && !a->output_label_format.n ? net->classes(network->args) : 0;

	if (list && (datalist_check(list, true, ps) || datalist_check_classes(list, classes, ps))) {
		datalist_free(list);
		return NULL;
	}
	return list;
}

static void setup_say_warnings(const struct trainer *t, const struct problems *ps)
{
	for (int i = 0; i < ps->n; i++)
		if (ps->v[i].level == PROBLEM_WARNING)
			trainer_say(t->hooks, "warning    %s%s%s", ps->v[i].path,
				ps->v[i].path[0] ? ": " : "", ps->v[i].text);
}

static int setup_config(struct trainer *t, const struct train_source *src, struct err *err)
{
	const struct config_source cs = train_source_config(src);
	struct problems ps = {0};
	int rc = train_config_load(&cs, &t->cfg, &ps);

	if (rc)
		problems_to_err(&ps, err);
	else
		setup_say_warnings(t, &ps);
	problems_release(&ps);
	return rc;
}

static int setup_data(struct trainer *t, struct err *err)
{
	struct problems ps = {0};
	int rc;

	t->train_list = setup_list(&t->cfg.train_pipeline, &t->cfg.network, &ps);
	if (t->cfg.valid_pipeline.c)
		t->valid_list = setup_list(&t->cfg.valid_pipeline, &t->cfg.network, &ps);
	if (t->train_list && t->valid_list)
		datalist_check_leak(t->train_list, t->valid_list, &ps);
	rc = problems_to_err(&ps, err);
	if (!rc)
		setup_say_warnings(t, &ps);
	problems_release(&ps);
	return rc;
}

static void setup_warn(void *ctx, const char *text)
{
	const struct trainer *t = ctx;
	struct err err = ERR_INIT;

	if (!t->run || run_log(t->run, "warning", text, &err))
		trainer_say(t->hooks, "warning    %s", text);
}

static int setup_pipelines(struct trainer *t, struct err *err)
{
	struct pipeline_config pc = {
		.args = setup_pipeline_args(&t->cfg.train_pipeline),
		.transforms = t->cfg.train_transforms.v,
		.n_transforms = t->cfg.train_transforms.n,
		.list = t->train_list,
		.seed = t->cfg.seed,
		.training = true,
		.keep_samples = t->cfg.train_iteration.use.c != NULL,
		.warn = setup_warn,
		.warn_ctx = t,
	};

	t->train_pipe = pipeline_new(&pc, err);
	if (!t->train_pipe)
		return -1;
	t->steps_per_epoch = pipeline_length(t->train_pipe);
	if (!t->valid_list)
		return 0;
	pc.args = setup_pipeline_args(&t->cfg.valid_pipeline);
	pc.transforms = t->cfg.valid_transforms.v;
	pc.n_transforms = t->cfg.valid_transforms.n;
	pc.list = t->valid_list;
	pc.training = pc.keep_samples = false;
	t->valid_pipe = pipeline_new(&pc, err);
	return t->valid_pipe ? 0 : -1;
}

/* What model_init() takes of the configured network, from the resolved text. */
static cJSON *setup_spec(
	const struct train_config *cfg, const struct learner_shape *shape, struct err *err)
{
	const struct pipeline_args *a = setup_pipeline_args(&cfg->train_pipeline);
	cJSON *root = json_parse(cfg->resolved, strlen(cfg->resolved), "configuration", err);
	const cJSON *train = cJSON_GetObjectItemCaseSensitive(root, "train");
	const cJSON *model = cJSON_GetObjectItemCaseSensitive(train, "model");
	const cJSON *args = cJSON_GetObjectItemCaseSensitive(model, "args");
	cJSON *spec = NULL;

	if (root) {
		spec = cJSON_CreateObject();
		cJSON_AddStringToObject(spec, "name", cfg->network.c->name);
		cJSON_AddItemToObject(
			spec, "args", args ? cJSON_Duplicate(args, 1) : cJSON_CreateObject());
		cJSON_AddNumberToObject(spec, "in_channels", (double)a->output_image_channels);
		cJSON_AddNumberToObject(spec, "spatial_dims", shape->size[2] == 1 ? 2 : 3);
		cJSON_AddItemToObject(spec, "input_size", cJSON_CreateIntArray(shape->size, 3));
	}
	cJSON_Delete(root);
	return spec;
}

/* The shape of a training batch. */
static struct learner_shape setup_shape(const struct trainer *t)
{
	struct learner_shape s = {0};
	struct pipeline_shape ps;

	pipeline_shape(t->train_pipe, &ps);
	s.batch = ps.batch;
	s.label_channels = ps.label_channels;
	memcpy(s.size, ps.dim, sizeof(s.size));
	memcpy(s.label_size, ps.label_dim, sizeof(s.label_size));
	return s;
}

static int setup_model(struct trainer *t, struct err *err)
{
	struct learner_shape shape = setup_shape(t);
	cJSON *spec = setup_spec(&t->cfg, &shape, err);
	int rc;

	if (!spec)
		return -1;
	rc = model_init(&t->model, spec, t->cfg.seed, t->opt->device, err);
	cJSON_Delete(spec);
	/* A run that goes on: the checkpoint has them, see setup_resume_run(). */
	if (rc || (!t->opt->resume && trainer_start_weights(t, err)))
		return -1;
	if (t->cfg.use_amp && !model_use_amp(&t->model))
		trainer_say(t->hooks, "warning    use_amp: this CPU has no bf16, fp32 is used");
	if (learner_init(&t->learner, &t->model, &t->cfg.loss, &t->cfg.optimizer, &shape,
		    t->cfg.seed, err))
		return -1;
	t->learner.clip_norm = t->cfg.clip_norm;
	t->learner.clip_value = t->cfg.clip_value;
	t->learner.skip_nan = t->cfg.nan_policy == TRAIN_NAN_SKIP;
	if (t->cfg.train_iteration.use.c)
		t->clicks = (struct click_loop){.it = &t->cfg.train_iteration,
			.model = &t->model,
			.hooks = t->hooks,
			.seed = t->cfg.seed};
	if (!t->valid_pipe)
		return 0;
	validator_init(&t->validator, &t->model, &t->cfg.inferer, &t->cfg.metrics);
	t->validator.aux = &t->cfg.aux_ops;
	t->validator.loss = &t->cfg.loss;
	t->validator.hooks = t->hooks;
	validator_clicks(&t->validator, &t->cfg.valid_iteration, t->cfg.seed);
	return 0;
}

int trainer_setup(struct trainer *t, struct err *err)
{
	struct train_source src;
	int rc = train_source_init(&src, t->opt, err) || setup_config(t, &src, err) ||
				 train_generate(&t->cfg.generator, &t->cfg.paths, t->hooks, err) ||
				 setup_data(t, err) || setup_pipelines(t, err) ||
				 setup_model(t, err)
			 ? -1
			 : 0;

	if (!rc && src.resolved && strcmp(src.resolved, t->cfg.resolved))
		trainer_say(
			t->hooks, "warning    the configuration has changed since this run began");
	train_source_release(&src);
	return rc;
}

void trainer_release(struct trainer *t)
{
	trainer_best_release(&t->best);
	validator_release(&t->validator);
	pipeline_free(t->train_pipe);
	pipeline_free(t->valid_pipe);
	learner_release(&t->learner);
	model_release(&t->model);
	datalist_free(t->train_list);
	datalist_free(t->valid_list);
	train_config_release(&t->cfg);
	cJSON_Delete(t->stats);
}

static void setup_say_plan(struct trainer *t)
{
	struct buf text = {0};
	char *line, *rest;

	plan_describe(t->learner.plan, &text);
	for (line = strtok_r(text.p, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		trainer_say(t->hooks, "%s", line);
	buf_release(&text);
	trainer_say(t->hooks,
		"plan       %.1f MiB arena (planned), %.1f MiB batches and case cache at most, %zu weights",
		(double)plan_arena_bytes(t->learner.plan) / 1048576.0,
		(double)pipeline_memory(t->train_pipe) / 1048576.0, params_count(t->model.params));
	trainer_say(t->hooks,
		"data       %d training cases, %d validation cases, %lld steps an epoch",
		t->train_list->n, t->valid_list ? t->valid_list->n : 0,
		(long long)t->steps_per_epoch);
}

static int setup_start_event(struct trainer *t, struct err *err)
{
	struct buf f = {0};
	int rc;

	event_int(&f, "steps_per_epoch", t->steps_per_epoch);
	event_int(&f, "params", (int64_t)params_count(t->model.params));
	event_int(&f, "arena_bytes", (int64_t)plan_arena_bytes(t->learner.plan));
	event_int(&f, "training_cases", t->train_list->n);
	event_int(&f, "validation_cases", t->valid_list ? t->valid_list->n : 0);
	event_str(&f, "network", t->cfg.network.c->name);
	rc = run_event(t->run, EVENT_START, &f, err);
	buf_release(&f);
	return rc;
}

static int setup_create_run(struct trainer *t, const struct train_source *src, struct err *err)
{
	const struct run_info info = {
		.ckpt_dir = t->cfg.paths.ckpt_dir,
		.name = t->opt->run_name,
		.mmar = t->cfg.paths.mmar_root,
		.config = t->cfg.paths.config_file,
		.env = t->cfg.paths.env_file,
		.sets = (const char *const *)src->sets,
		.nsets = src->nsets,
		.device = "cpu",
		.threads = model_threads(&t->model),
		.resolved = t->cfg.resolved,
		.seed = t->cfg.seed,
		.epochs = t->cfg.epochs,
		.summary_interval = t->cfg.summary_interval ? t->cfg.summary_interval : 10,
	};

	t->run = run_create(&info, err);
	return t->run ? 0 : -1;
}

/* "Same configuration, seed and threads: the same bits" ends here, so it is said. */
static void setup_check_threads(struct trainer *t, const struct train_source *src)
{
	int now = model_threads(&t->model);
	char *text;

	if (!src->threads || src->threads == now)
		return;
	text = mem_printf("this run was computed by %d threads until now and goes on with %d: "
			  "the last bits of its numbers depend on that (OMP_NUM_THREADS=%d keeps "
			  "them)",
		src->threads, now, src->threads);
	setup_warn(t, text);
	free(text);
}

static int setup_resume_run(struct trainer *t, const struct train_source *src, struct err *err)
{
	struct buf f = {0}, note = {0};
	int rc = -1;

	t->run = run_open_resume(src->run_dir, err);
	if (t->run)
		rc = checkpoint_resume(src->run_dir, &t->learner, &t->pos, &note, err);
	if (!rc) {
		trainer_say(t->hooks, "resume     no checkpoint yet: from the beginning");
		rc = trainer_start_weights(t, err);
	}
	if (rc >= 0) {
		event_int(&f, "epoch", t->pos.epoch);
		event_int(&f, "step", t->pos.total_step);
		rc = run_event(t->run, EVENT_RESUME, &f, err);
	}
	if (rc >= 0) {
		run_set_sink(t->run, t->hooks->line, t->hooks->ctx);
		setup_check_threads(t, src);
	}
	if (rc >= 0 && note.len)
		setup_warn(t, note.p);
	buf_release(&f);
	buf_release(&note);
	return rc;
}

int trainer_open_run(struct trainer *t, struct err *err)
{
	struct train_source src;
	int rc = train_source_init(&src, t->opt, err);

	t->pos.best = NAN;
	t->stats = cJSON_CreateObject();
	setup_say_plan(t);
	if (!rc)
		rc = src.run_dir ? setup_resume_run(t, &src, err) : setup_create_run(t, &src, err);
	if (!rc) {
		run_set_sink(t->run, t->hooks->line, t->hooks->ctx);
		trainer_say(t->hooks, "run        %s", run_dir(t->run));
		if (t->hooks->run_started)
			t->hooks->run_started(t->hooks->ctx, run_dir(t->run));
		if (!src.run_dir)
			rc = setup_start_event(t, err);
	}
	train_source_release(&src);
	return rc;
}
