"""The autoencoder's loss: details weigh more, and only where there are any."""

import torch

from worker.tiny_sd.autoencoder import weigh_details


def test_half_of_an_images_weight_goes_to_the_edge_of_a_small_shape() -> None:
    pixels = torch.full((1, 3, 64, 64), -1.0)
    pixels[:, :, 28:36, 28:36] = 1.0

    weights = weigh_details(pixels, 0.5)

    assert torch.isclose(weights.mean(), torch.tensor(1.0))
    near_share = weights[:, :, 26:38, 26:38].sum() / weights.sum()
    assert 0.5 <= near_share < 0.6
    assert weights[0, 0, 28, 28] > 10 * weights[0, 0, 0, 0]


def test_without_a_detail_share_and_without_details_no_pixel_is_favoured() -> None:
    noisy = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    flat = torch.full((1, 3, 64, 64), 0.3)

    assert torch.equal(weigh_details(noisy, 0.0), torch.ones(2, 1, 64, 64))
    assert weigh_details(flat, 0.5).std() < 1e-3
