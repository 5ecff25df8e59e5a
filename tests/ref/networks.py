"""Dumps of Unet, SegResnet and the MONAI-layout networks: forward and gradients."""
from nets import (basic_unet, dump, monai_segresnet, monai_unet, segresnet, unet_v3)

ENC, DEC = [4, 8, 8, 8], [8, 8, 8, 8, 8, 4, 4]
UNET = {"num_classes": 3, "nf_enc": ENC, "nf_dec": DEC}
SMALL = {"num_classes": 2, "blocks_down": "1,2", "blocks_up": "1", "init_filters": 4}
MONAI = {"out_channels": 2, "blocks_down": [1, 2], "blocks_up": [1], "init_filters": 8}


def main():
    dump("net_unet", "Unet", UNET, (1, 8, 12, 16, 2),
         lambda s, x: unet_v3(s, x, 3, ENC, DEC))
    dump("net_unet_batch", "Unet",
         dict(UNET, use_batch_norm=True, final_activation="sigmoid"), (2, 4, 8, 48, 1),
         lambda s, x: unet_v3(s, x, 3, ENC, DEC, "batch", final_activation="sigmoid"))
    dump("net_unet_group", "Unet",
         dict(UNET, use_group_norm=True, use_group_normG=2, final_activation="linear"),
         (1, 16, 7, 9, 1),
         lambda s, x: unet_v3(s, x, 3, ENC, DEC, "group", 2, "linear"))
    dump("net_segresnet", "SegResnet", SMALL, (1, 6, 8, 10, 1),
         lambda s, x: segresnet(s, x, 2, [1, 2], [1], 4))
    dump("net_segresnet_vae", "SegResnet",
         dict(SMALL, use_vae=True, use_batch_norm=True, final_activation="sigmoid"),
         (2, 8, 8, 8, 2),
         lambda s, x: segresnet(s, x, 2, [1, 2], [1], 4, "batch", 8, "sigmoid", True))
    dump("net_segresnet_plain", "SegResnet",
         dict(SMALL, use_group_norm=False, final_activation="linear"), (1, 5, 7, 8, 1),
         lambda s, x: segresnet(s, x, 2, [1, 2], [1], 4, None, 8, "linear"))
    dump("net_monai_segresnet", "SegResNet", MONAI, (1, 6, 8, 10, 1),
         lambda s, x: monai_segresnet(s, x, 2, [1, 2], [1], 8))
    dump("net_monai_segresnet_2d", "SegResNet",
         dict(MONAI, spatial_dims=2, norm="batch", upsample_mode="deconv"), (2, 1, 12, 10, 3),
         lambda s, x: monai_segresnet(s, x, 2, [1, 2], [1], 8, "batch", mode="deconv"))
    dump("net_monai_unet", "UNet",
         {"dimensions": 3, "in_channels": 1, "out_channels": 2, "channels": [4, 6, 8],
          "strides": [2, 2], "num_res_units": 2}, (1, 8, 12, 8, 1),
         lambda s, x: monai_unet(s, x, 2, [4, 6, 8], [2, 2], units=2))
    dump("net_monai_unet_axes", "UNet",
         {"in_channels": 2, "out_channels": 3, "channels": [4, 6, 8],
          "strides": [[2, 2, 1], [3, 1, 2]], "kernel_size": [3, 5, 1],
          "up_kernel_size": [3, 3, 1], "num_res_units": 1, "act": "RELU", "bias": False,
          "norm": ["group", {"num_groups": 2}]}, (1, 4, 6, 12, 2),
         lambda s, x: monai_unet(s, x, 3, [4, 6, 8], [(1, 2, 2), (2, 1, 3)], (1, 5, 3),
                                 (1, 3, 3), 1, "group", True, 2, "relu", False))
    dump("net_monai_unet_2d", "UNet",
         {"spatial_dims": 2, "out_channels": 2, "channels": [4, 8, 8], "strides": [2, 2],
          "norm": "BATCH"}, (2, 1, 12, 16, 1),
         lambda s, x: monai_unet(s, x, 2, [4, 8, 8], [2, 2], kind="batch", affine=True))
    features = [4, 4, 6, 6, 8, 6]
    # instance norm would leave the biases before it hardly any gradient but rounding
    dump("net_basic_unet", "BasicUNet",
         {"features": features, "norm": ["group", {"num_groups": 2}]}, (1, 16, 32, 48, 1),
         lambda s, x: basic_unet(s, x, 2, features, kind="group", groups=2))
    dump("net_basic_unet_linear", "BasicUnet",
         {"features": features, "upsample": "nontrainable", "spatial_dims": 2},
         (1, 1, 32, 48, 2), lambda s, x: basic_unet(s, x, 2, features, "linear"))


if __name__ == "__main__":
    main()
