"""Networks for images: a classifier, a U-Net, super-resolution, and the heads of detectors."""

from __future__ import annotations

import numpy as np
from scipy import special

from symdiff.library import Array, Case, Entry, Names
from symdiff.library.layers.convolution import conv2d, conv2d_backward
from symdiff.library.layers.pooling import avg_pool2d, avg_pool2d_backward
from symdiff.library.layers.resizing import upsample_nearest2d, upsample_nearest2d_backward
from symdiff.library.layers.transposed_convolution import conv_transpose2d, conv_transpose2d_backward


def relu(z: Array) -> Array:
    """max(0, z)."""
    return np.maximum(z, 0)


def cnn(W: Array, b: Array, V: Array, c: Array, X: Array, Y: Array) -> Array:
    """A classifier: convolution, ReLU, mean pooling, a dense layer, mean cross-entropy.

    ``W`` : o i 3 3, ``b`` : o, ``V`` : k o*4, ``c`` : k, ``X`` : n i 4 4, ``Y`` : n k whose rows sum to one.

    >>> shapes = (2, 1, 3, 3), 2, (3, 8), 3, (1, 1, 4, 4)
    >>> float(cnn(*map(np.zeros, shapes), np.eye(3)[:1]).round(4))
    1.0986
    """
    P = avg_pool2d(relu(conv2d(X, W, b, padding=1)), kernel_size=2)
    Z = P.reshape(X.shape[0], V.shape[1]) @ V.T + c
    return -np.sum(Y * special.log_softmax(Z, axis=-1)) / X.shape[0]


CNN = Entry(
    cnn,
    "architecture",
    {"W": "o i 3 3", "b": "o", "V": "k o*4", "c": "k", "X": "n i 4 4", "Y": "n k"},
    of="gradient",
    wrt=("W", "b", "V", "c"),
    domain={"Y": "simplex"},
    source="LeCun, Bottou, Bengio and Haffner (1998)",
    notes="1.1.3; 2.6",
    kinks="pre-activations that are 0",
)


@CNN.derivative
def cnn_gradient(W: Array, b: Array, V: Array, c: Array, X: Array, Y: Array) -> Array:
    """Back through the dense layer, the means of the windows, the mask and the kernel."""
    Z = conv2d(X, W, b, padding=1)
    P = avg_pool2d(relu(Z), kernel_size=2)
    flat = P.reshape(X.shape[0], V.shape[1])
    error = (special.softmax(flat @ V.T + c, axis=-1) - Y) / X.shape[0]
    dA = avg_pool2d_backward(Z, (error @ V).reshape(P.shape), kernel_size=2)
    _, dW, db = conv2d_backward(X, W, b, dA * (Z > 0), padding=1)
    return dW, db, error.T @ flat, error.sum(0)


_ONE_CHANNEL = {"W": "1 1 3 3", "b": "1", "V": "2 4", "c": "2", "X": "1 1 4 4", "Y": "1 2"}


@CNN.mistake("threshold", wrt="b", case=Case(_ONE_CHANNEL))
def cnn_gradient_without_the_mask(W: Array, b: Array, V: Array, c: Array, X: Array, Y: Array) -> Array:
    """The mask of the ReLU is forgotten."""
    Z = conv2d(X, W, b, padding=1)
    P = avg_pool2d(relu(Z), kernel_size=2)
    flat = P.reshape(X.shape[0], V.shape[1])
    error = (special.softmax(flat @ V.T + c, axis=-1) - Y) / X.shape[0]
    return avg_pool2d_backward(Z, (error @ V).reshape(P.shape), kernel_size=2).sum((0, 2, 3))


def unet(W1: Array, W2: Array, W3: Array, X: Array, Y: Array) -> Array:
    """One level of a U-Net for segmentation: down, across, up, the skip concatenated; mean cross-entropy of pixels.

    ``H = relu(W1 * X)``, ``M = tanh(W2 * mean pooled H)``, ``Z = W3 * [H, M doubled]``, logits of one class.

    ``W1`` : o i 3 3, ``W2`` : m o 1 1, ``W3`` : 1 o+m 1 1 as two parts stacked, ``X`` : n i 4 4, ``Y`` : n 1 4 4.

    >>> shapes = (2, 1, 3, 3), (2, 2, 1, 1), (2, 1, 2), (1, 1, 4, 4), (1, 1, 4, 4)
    >>> float(unet(*map(np.zeros, shapes)).round(4))
    0.6931
    """
    H = relu(conv2d(X, W1, np.zeros(W1.shape[0]), padding=1))
    M = np.tanh(conv2d(avg_pool2d(H, kernel_size=2), W2, np.zeros(W2.shape[0])))
    joined = np.stack([H, upsample_nearest2d(M)])
    Z = np.einsum("sko,snohw->nkhw", W3, joined)
    return np.mean(np.logaddexp(0, Z) - Y * Z)


UNET = Entry(
    unet,
    "architecture",
    {"W1": "o i 3 3", "W2": "o o 1 1", "W3": "2 k o", "X": "n i 4 4", "Y": "n k 4 4"},
    of="gradient",
    wrt=("W1", "W2", "W3"),
    source="Ronneberger, Fischer and Brox (2015)",
    notes="1.2.6",
    kinks="pre-activations of the first layer that are 0",
)


@UNET.derivative
def unet_gradient(W1: Array, W2: Array, W3: Array, X: Array, Y: Array) -> Array:
    """H has a path across the skip and one down and up again."""
    zeros = np.zeros(W1.shape[0])
    Z1 = conv2d(X, W1, zeros, padding=1)
    H = relu(Z1)
    P = avg_pool2d(H, kernel_size=2)
    M = np.tanh(conv2d(P, W2, zeros))
    U = upsample_nearest2d(M)
    skip, lifted = W3[0], W3[1]
    Z = np.einsum("ko,nohw->nkhw", skip, H) + np.einsum("ko,nohw->nkhw", lifted, U)
    error = (special.expit(Z) - Y) / Y.size
    dM = upsample_nearest2d_backward(M, np.einsum("ko,nkhw->nohw", lifted, error))
    dP, dW2, _ = conv2d_backward(P, W2, zeros, dM * (1 - M**2))
    dH = np.einsum("ko,nkhw->nohw", skip, error) + avg_pool2d_backward(H, dP, kernel_size=2)
    _, dW1, _ = conv2d_backward(X, W1, zeros, dH * (Z1 > 0), padding=1)
    return dW1, dW2, np.stack([np.einsum("nkhw,nohw->ko", error, A) for A in (H, U)])


_SMALLEST = {"W1": "1 1 3 3", "W2": "1 1 1 1", "W3": "2 1 1", "X": "1 1 2 2", "Y": "1 1 2 2"}


@UNET.mistake("missing_path", wrt="W1", case=Case(_SMALLEST))
def unet_gradient_without_the_skip(W1: Array, W2: Array, W3: Array, X: Array, Y: Array) -> Array:
    """Only the way down and up again."""
    zeros = np.zeros(W1.shape[0])
    Z1 = conv2d(X, W1, zeros, padding=1)
    H = relu(Z1)
    P = avg_pool2d(H, kernel_size=2)
    M = np.tanh(conv2d(P, W2, zeros))
    Z = np.einsum("sko,snohw->nkhw", W3, np.stack([H, upsample_nearest2d(M)]))
    error = (special.expit(Z) - Y) / Y.size
    dM = upsample_nearest2d_backward(M, np.einsum("ko,nkhw->nohw", W3[1], error))
    dP, _, _ = conv2d_backward(P, W2, zeros, dM * (1 - M**2))
    dH = avg_pool2d_backward(H, dP, kernel_size=2)
    return conv2d_backward(X, W1, zeros, dH * (Z1 > 0), padding=1)[1]


def super_resolution(W: Array, V: Array, X: Array, Y: Array) -> Array:
    """Mean squared error of an image doubled by sub-pixel convolution.

    A convolution makes four channels for each of the c of the result, and ``pixel_shuffle`` lays them out as pixels.

    ``W`` : h c 3 3, ``V`` : 4*c h 1 1, ``X`` : n c 3 3, ``Y`` : n c 6 6.

    >>> shapes = (2, 1, 3, 3), (4, 2, 1, 1), (1, 1, 3, 3), (1, 1, 6, 6)
    >>> float(super_resolution(*map(np.zeros, shapes[:3]), np.ones(shapes[3])))
    1.0
    """
    H = np.tanh(conv2d(X, W, np.zeros(W.shape[0]), padding=1))
    return np.mean((pixel_shuffle(conv2d(H, V, np.zeros(V.shape[0]))) - Y) ** 2)


def pixel_shuffle(Z: Array) -> Array:
    """n 4*c h w to n c 2*h 2*w."""
    n, channels, h, w = Z.shape
    parts = Z.reshape(n, channels // 4, 2, 2, h, w)
    return parts.transpose(0, 1, 4, 2, 5, 3).reshape(n, channels // 4, 2 * h, 2 * w)


def pixel_unshuffle(Y: Array) -> Array:
    """n c 2*h 2*w to n 4*c h w: the transpose of the shuffle, which is its inverse."""
    n, c, h, w = Y.shape
    parts = Y.reshape(n, c, h // 2, 2, w // 2, 2)
    return parts.transpose(0, 1, 3, 5, 2, 4).reshape(n, 4 * c, h // 2, w // 2)


SUPER_RESOLUTION = Entry(
    super_resolution,
    "architecture",
    {"W": "h c 3 3", "V": "4*c h 1 1", "X": "n c 3 3", "Y": "n c 6 6"},
    of="gradient",
    wrt=("W", "V"),
    source="Shi et al. (2016), equation 4",
    notes="1.2",
    names=Names(torch="torch.nn.functional.pixel_shuffle", differs="torch's is the shuffle alone."),
)


@SUPER_RESOLUTION.derivative
def super_resolution_gradient(W: Array, V: Array, X: Array, Y: Array) -> Array:
    """The error is laid back into channels."""
    H = np.tanh(conv2d(X, W, np.zeros(W.shape[0]), padding=1))
    Z = conv2d(H, V, np.zeros(V.shape[0]))
    dZ = pixel_unshuffle(2 * (pixel_shuffle(Z) - Y) / Y.size)
    dH, dV, _ = conv2d_backward(H, V, np.zeros(V.shape[0]), dZ)
    _, dW, _ = conv2d_backward(X, W, np.zeros(W.shape[0]), dH * (1 - H**2), padding=1)
    return dW, dV


@SUPER_RESOLUTION.mistake("chain", wrt="W")
def super_resolution_gradient_without_the_slope(W: Array, V: Array, X: Array, Y: Array) -> Array:
    """The slope 1 - H^2 of the tanh is forgotten."""
    H = np.tanh(conv2d(X, W, np.zeros(W.shape[0]), padding=1))
    Z = conv2d(H, V, np.zeros(V.shape[0]))
    dZ = pixel_unshuffle(2 * (pixel_shuffle(Z) - Y) / Y.size)
    dH = conv2d_backward(H, V, np.zeros(V.shape[0]), dZ)[0]
    return conv2d_backward(X, W, np.zeros(W.shape[0]), dH, padding=1)[1]


def retinanet_head(W: Array, b: Array, X: Array, Y: Array, *, alpha: float = 0.25) -> Array:
    """Focal loss, gamma 2, of the logits ``Z = W * X + b`` of all classes at every place, divided by the places.

    ``W`` : k i 3 3, ``b`` : k, ``X`` : n i 2 2, ``Y`` : n k 2 2 of zeros and ones.

    >>> shapes = (2, 1, 3, 3), 2, (1, 1, 3, 3), (1, 2, 3, 3)
    >>> float(retinanet_head(*map(np.zeros, shapes)).round(4))
    0.2599
    """
    Z = conv2d(X, W, b, padding=1)
    p = special.expit(Z)
    positive = -alpha * Y * (1 - p) ** 2 * -np.logaddexp(0, -Z)
    negative = -(1 - alpha) * (1 - Y) * p**2 * -np.logaddexp(0, Z)
    return np.sum(positive + negative) / (X.shape[0] * X.shape[2] * X.shape[3])


RETINANET = Entry(
    retinanet_head,
    "architecture",
    {"W": "k i 3 3", "b": "k", "X": "n i 2 2", "Y": "n k 2 2"},
    of="gradient",
    wrt=("W", "b"),
    source="Lin, Goyal, Girshick, He and Dollar (2017), equation 5 and appendix B",
    notes="1.2.5",
    names=Names(differs="The loss is divided by the number of positive anchors in the paper."),
)


@RETINANET.derivative
def retinanet_head_gradient(W: Array, b: Array, X: Array, Y: Array, *, alpha: float = 0.25) -> Array:
    """The slope of the focal loss, and its bias is summed over the places."""
    Z = conv2d(X, W, b, padding=1)
    p, q = special.expit(Z), special.expit(-Z)
    positive = -alpha * Y * q**2 * (2 * p * np.logaddexp(0, -Z) + q)
    negative = (1 - alpha) * (1 - Y) * p**2 * (p + 2 * q * np.logaddexp(0, Z))
    dZ = (positive + negative) / (X.shape[0] * X.shape[2] * X.shape[3])
    return conv2d_backward(X, W, b, dZ, padding=1)[1:]


@RETINANET.mistake("missing_path", wrt="b")
def retinanet_head_gradient_with_fixed_weights(
    W: Array, b: Array, X: Array, Y: Array, *, alpha: float = 0.25
) -> Array:
    """The modulating factors (1 - p)^2 and p^2 are taken for constants."""
    p = special.expit(conv2d(X, W, b, padding=1))
    dZ = (1 - alpha) * (1 - Y) * p**3 - alpha * Y * (1 - p) ** 3
    return dZ.sum((0, 2, 3)) / (X.shape[0] * X.shape[2] * X.shape[3])


def mask_head(W: Array, V: Array, X: Array, Y: Array, chosen: Array) -> Array:
    """Binary cross-entropy of the mask of the true class only, on features doubled by a transposed convolution.

    ``W`` : i h 2 2, ``V`` : k h, ``X`` : n i 2 2, ``Y`` : n 4 4 of zeros and ones, ``chosen`` : n k, one-hot.

    >>> shapes = (1, 2, 2, 2), (3, 2), (1, 1, 2, 2), (1, 4, 4)
    >>> float(mask_head(*map(np.zeros, shapes), np.eye(3)[:1]).round(4))
    0.6931
    """
    H = np.tanh(conv_transpose2d(X, W, np.zeros(W.shape[1]), stride=2))
    Z = np.einsum("nk,kh,nhxy->nxy", chosen, V, H)
    return np.mean(np.logaddexp(0, Z) - Y * Z)


MASK = Entry(
    mask_head,
    "architecture",
    {"W": "i h 2 2", "V": "k h", "X": "n i 2 2", "Y": "n 4 4", "chosen": "n k"},
    of="gradient",
    wrt=("W", "V"),
    source="He, Gkioxari, Dollar and Girshick (2017), section 3",
    notes="1.2.6",
    names=Names(differs="A tanh stands for the ReLU of the paper."),
)


@MASK.derivative
def mask_head_gradient(W: Array, V: Array, X: Array, Y: Array, chosen: Array) -> Array:
    """Only the masks of the true classes get a gradient."""
    zeros = np.zeros(W.shape[1])
    H = np.tanh(conv_transpose2d(X, W, zeros, stride=2))
    own = chosen @ V
    error = (special.expit(np.einsum("nh,nhxy->nxy", own, H)) - Y) / Y.size
    dH = own[:, :, None, None] * error[:, None]
    _, dW, _ = conv_transpose2d_backward(X, W, zeros, dH * (1 - H**2), stride=2)
    return dW, chosen.T @ np.einsum("nxy,nhxy->nh", error, H)


@MASK.mistake("factor", wrt="V")
def mask_head_gradient_of_the_sum(W: Array, V: Array, X: Array, Y: Array, chosen: Array) -> Array:
    """The mean over samples and pixels is forgotten."""
    H = np.tanh(conv_transpose2d(X, W, np.zeros(W.shape[1]), stride=2))
    own = chosen @ V
    error = special.expit(np.einsum("nh,nhxy->nxy", own, H)) - Y
    return chosen.T @ np.einsum("nxy,nhxy->nh", error, H)
