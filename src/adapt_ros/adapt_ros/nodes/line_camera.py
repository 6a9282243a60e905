"""line_camera: a simulated line. Parts stop in front of a camera that sends frames all the time.

The next part comes when it is asked for, as a belt that waits for the sorter, or after a period.
What lies in front of the camera is said on ~/part, as a bar-code reader would.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import String
from std_srvs.srv import Trigger

from adapt_learning.errors import PictureError, SettingError
from adapt_ros import qos
from adapt_ros.camera import PROFILE
from adapt_ros.codecs import set_stamp
from adapt_ros.inspection.ahead import Ahead
from adapt_ros.inspection.generated import MOST_PARTS, GeneratedSource
from adapt_ros.inspection.parts import Part
from adapt_ros.inspection.sources import open_source
from adapt_ros.lifecycle import AdaptNode, run
from adapt_ros.parameters import Range, parameter

_ENCODINGS = {(2, 1): 'mono8', (2, 2): 'mono16', (3, 1): 'rgb8', (3, 2): 'rgb16'}


@dataclass(frozen=True)
class LineCameraSettings:
    """Parameters of line_camera."""

    parts: str = parameter('', 'Folder of pictures: test/good and test/<defect> as in MVTec-AD, '
                               'or good and <defect>, or good pictures only; or a surface that '
                               'is drawn: generated:FAMILY_SEED, such as generated:leather_3; '
                               'needed')
    count: int = parameter(0, 'Parts that come; 0: all of the folder, or a million generated ones',
                           within=Range(0, MOST_PARTS))
    seed: int = parameter(0, 'Order of the parts, and which ones are generated',
                          within=Range(0, 2**62))
    defective_share: float = parameter(0.5, 'Share of defective parts among generated ones',
                                       within=Range(0.0, 1.0))
    references: str = parameter('', 'Folder into which pictures of generated good parts that '
                                    'never come are written at the start, below train/good; '
                                    'empty: none are')
    reference_count: int = parameter(8, 'So many of them', within=Range(1, 1000))
    period: float = parameter(0.0, 'A part comes every so many seconds; 0: when ~/next_part is '
                                   'called', unit='s', within=Range(0.0, 3600.0))
    rate: float = parameter(20.0, 'Frames per second', unit='Hz', within=Range(0.1, 1000.0))
    camera: str = parameter('camera/image_raw', 'Topic of the frames')
    frame_id: str = parameter('line_camera_optical_frame', 'Frame of the pictures')
    autostart: bool = parameter(False, 'Configure and activate without a manager')


class LineCamera(AdaptNode):
    """Shows one part after the other while active."""

    def __init__(self, **kwargs):
        super().__init__('line_camera', LineCameraSettings, **kwargs)
        self._forget()

    def _forget(self) -> None:
        self._shown = 0
        self._frame: Image | None = None
        self._timers: list = []
        self._problem = ''

    def set_up(self) -> None:
        """Open the source of the parts, make the ROS entities."""
        settings, undo = self.settings, self._undo.append
        if not settings.parts:
            raise SettingError("parameter 'parts' is needed: the folder of pictures to play, or a "
                               'surface to draw such as generated:leather_3')
        source = open_source(settings.parts, settings.seed, settings.count,
                             settings.defective_share)
        self._count = len(source)
        if settings.references:
            self._write_references(source)
        self._ahead = Ahead(source)
        undo(self._ahead.close)
        self._camera = self.create_publisher(Image, settings.camera, PROFILE)
        undo(partial(self.destroy_publisher, self._camera))
        self._part = self.create_publisher(String, '~/part', qos.LATCHED)
        undo(partial(self.destroy_publisher, self._part))
        undo(partial(self.destroy_service,
                     self.create_service(Trigger, '~/next_part', self._on_next)))
        self.get_logger().info(f'{self._count} parts of {settings.parts}')

    def _write_references(self, source) -> None:
        settings = self.settings
        if not isinstance(source, GeneratedSource):
            raise SettingError("references are written of generated parts only; 'parts' is "
                               f'{settings.parts}: leave references empty, and let the client '
                               'take pictures that are there')
        source.write_references(settings.references, settings.reference_count)

    def tear_down(self) -> None:
        """Begin with the first part next time."""
        self._forget()

    def start_work(self) -> None:
        """Let the camera run, and the belt where nobody asks for parts."""
        clock = self.steady
        self._timers = [self.create_timer(1.0 / self.settings.rate, self._send, clock=clock)]
        if self.settings.period > 0.0:
            self._timers.append(self.create_timer(self.settings.period, self._advance, clock=clock))

    def stop_work(self, text: str) -> None:
        """Send no more frames."""
        for timer in self._timers:
            self.destroy_timer(timer)
        self._timers = []

    def _on_next(self, _, response):
        response.success, response.message = False, 'the node is not active'
        if self.is_active:
            response.message = self._advance() or 'there are no more parts'
            response.success = response.message != 'there are no more parts'
        return response

    def _advance(self) -> str:
        """Bring the next part whose picture can be read; return its id, or '' after the last."""
        while True:
            try:
                part = self._ahead.take()
                if part is None:
                    return ''
                self._shown += 1
                self._frame = _message(part, self.settings.frame_id)
            except PictureError as error:
                self._problem = str(error)
                self.get_logger().warning(f'left out: {error}')
                continue
            self._part.publish(String(data=part.part_id))
            return part.part_id

    def _send(self) -> None:
        if self._frame is not None:
            set_stamp(self._frame, self.get_clock().now().nanoseconds)
            self._camera.publish(self._frame)

    def diagnose(self):
        """Report how far the line is."""
        from diagnostic_msgs.msg import DiagnosticStatus
        level = DiagnosticStatus.WARN if self._problem else DiagnosticStatus.OK
        yield 'line', level, self._problem or 'parts come', {
            'parts shown': self._shown, 'parts': self._count}


def _message(part: Part, frame_id: str) -> Image:
    pixels = np.ascontiguousarray(part.pixels)
    encoding = _ENCODINGS.get((pixels.ndim, pixels.itemsize))
    if encoding is None:
        raise PictureError(f'{part.part_id} has pixels {pixels.dtype} {list(pixels.shape)}')
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding,
                    step=pixels.nbytes // pixels.shape[0])
    message.header.frame_id = frame_id
    message.data = pixels.tobytes()
    return message


def main(args: list[str] | None = None) -> int:
    """Run the node (entry point)."""
    return run(LineCamera, args)


if __name__ == '__main__':
    main()
