"""Datasets with the pictures of a camera."""

import av
import numpy as np

from adapt_learning.data import DatasetWriter
from adapt_learning.data.videos import VideoSpan, feature, key_of, picture_stats

KEY = key_of('front')


def film(path, lengths, rate=25):
    """Write one file with the pictures of several episodes; returns a span for each."""
    pictures = [np.full((48, 64, 3), 5 * i % 256, np.uint8) for i in range(sum(lengths))]
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
        container.mux(stream.encode())
    starts = np.cumsum([0, *lengths])
    return [VideoSpan(path, a / rate, b / rate, feature(48, 64, rate, 'h264', 'yuv420p'),
                      picture_stats(pictures[a:b]))
            for a, b in zip(starts, starts[1:], strict=False)]


def written(folder, dataset, spans, **settings):
    """Return a writer that has taken a dataset with one camera."""
    writer = DatasetWriter(folder, dataset.contract, dataset.meta, **settings)
    for episode, span in zip(dataset, spans, strict=True):
        writer.add(episode, {KEY: span})
    return writer
