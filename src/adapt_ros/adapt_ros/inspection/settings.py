"""Parameters of inspection_node."""

from dataclasses import dataclass

from adapt_learning.inspection.detector import SHIPPED_DETECTOR
from adapt_ros.parameters import Range, parameter


@dataclass(frozen=True)
class InspectionNodeSettings:
    """Parameters of inspection_node."""

    recipe: str = parameter('', 'Recipe to begin with: a name below `recipes`, or the folder of '
                                'one; empty: none, select one later')
    recipes: str = parameter('', 'Folder of all recipes, made if it is not there; empty: where '
                                 '`recipe` lies, or ./recipes')
    detector: str = parameter(SHIPPED_DETECTOR, 'Folder of a detector, or name of a shipped one; '
                                                'empty: the shipped one that the recipe was made '
                                                'with')
    references: str = parameter('', 'Folder of reference pictures; names in requests are below '
                                    'it; empty: recipes are made from the camera only')
    camera: str = parameter('camera/image_raw', 'Topic of the frames')
    compressed: bool = parameter(False, 'Frames are sensor_msgs/CompressedImage')
    camera_reliable: bool = parameter(False, 'Take frames reliably; needs a reliable publisher')
    free_run: bool = parameter(False, 'Inspect every frame; otherwise wait for triggers')
    queue_size: int = parameter(4, 'Triggers that may wait; more are refused as BUSY',
                                within=Range(1, 1000))
    frame_timeout: float = parameter(1.0, 'Wait for the frame of a trigger for so long, then '
                                          'the verdict is INVALID', unit='s',
                                     within=Range(0.01, 600.0))
    frame_lead: float = parameter(0.0, 'Frames that were taken up to so long before their trigger '
                                       'count too', unit='s', within=Range(0.0, 60.0))
    max_frame_age: float = parameter(1.0, 'Refuse frames that are older by their stamps; 0: not '
                                          'checked', unit='s', within=Range(0.0, 3600.0))
    check_stamps: bool = parameter(True, 'Tell by the stamps whether a frame was taken after its '
                                         'trigger and how old it is; needs clocks that agree. '
                                         'Otherwise the time of receipt counts')
    camera_timeout: float = parameter(2.0, 'A camera that is silent for so long has stopped; 0: '
                                           'not watched, for cameras that send on demand only',
                                      unit='s', within=Range(0.0, 3600.0))
    false_reject: float = parameter(0.01, 'Share of good parts that may be refused, of new '
                                          'recipes that say nothing else',
                                    within=Range(0.0001, 0.9))
    review_band: float = parameter(0.1, 'Share above the threshold within which somebody should '
                                        'look, of new recipes that say nothing else',
                                   within=Range(0.0, 10.0))
    heartbeat: float = parameter(0.5, 'Period of the heartbeat', unit='s',
                                 within=Range(0.05, 10.0))
    archive: str = parameter('', 'Folder in which results are kept; empty: none are')
    archive_pictures: str = parameter('not_ok', 'Results whose frame is kept as PNG',
                                      one_of=('all', 'not_ok', 'none'))
    archive_results: int = parameter(10_000, 'Most results that are kept; the oldest go',
                                     within=Range(1, 10_000_000))
    archive_size: float = parameter(2000.0, 'Most disk space of the archive; the oldest go',
                                    unit='MB', within=Range(1.0, 10_000_000.0))
    threads: int = parameter(1, 'Threads of the detector', within=Range(1, 64))
    autostart: bool = parameter(False, 'Configure and activate without a manager')
