"""What two methods share: tensors in, tensors out, no photograph and no method knows of them here.

``codebook`` (dual codebook with EMA), ``residual`` (the rectified-skip block), ``discriminators``,
``vgg19`` and ``image_losses`` serve the token and GAN methods alike. Start with ``codebook``."""
