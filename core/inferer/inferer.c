/*
 * Calls through the inferer components, with what all of them check.
 */
#include "core/inferer/inferer.h"

#include <string.h>

#include "core/base/mem.h"

int inferer_window(const struct component_use *u, const int divisor[3], const int dim[3],
	struct inferer_window *w, struct err *err)
{
	const struct inferer_ops *ops = u->c->ops;

	if (ops->window(u->args, divisor, dim, w, err))
		return err_wrap(err, "inferer '%s'", u->c->name);
	return 0;
}

struct volume *inferer_run(const struct component_use *u, const struct inferer_net *net,
	const struct volume *image, struct err *err)
{
	const struct inferer_ops *ops = u->c->ops;
	struct volume *out;

	if (image->channels != net->in_channels) {
		err_set(err, ERR_DATA, "the image has %d channels, the network takes %d",
			image->channels, net->in_channels);
		return NULL;
	}
	out = volume_new(net->out_channels, image->dim, err);
	if (!out)
		return NULL;
	memcpy(out->affine, image->affine, sizeof(out->affine));
	out->original = image->original;
	out->file = image->file ? mem_strdup(image->file) : NULL;
	if (ops->run(u->args, net, image, out, err)) {
		err_wrap(err, "inferer '%s'", u->c->name);
		volume_free(out);
		return NULL;
	}
	return out;
}
