"""Which frame belongs to a trigger, by stamps or by times of receipt."""

from dataclasses import dataclass

from adapt_ros.inspection.camera_feed import CameraFrame
from adapt_ros.inspection.triggers import Trigger


@dataclass(frozen=True)
class FrameRules:
    """When a frame may be judged."""

    check_stamps: bool
    lead_s: float
    max_age_s: float
    """0: any age."""

    def taken_ns(self, frame: CameraFrame) -> int:
        """Return when a frame was taken, on the node's clock."""
        if self.check_stamps and frame.stamp_ns:
            return frame.stamp_ns
        return frame.received_stamp_ns

    def too_old(self, frame: CameraFrame, now_ns: int) -> str:
        """Return why a frame is too old to be judged at all, or ''."""
        age = (now_ns - self.taken_ns(frame)) * 1e-9
        if not self.max_age_s or abs(age) <= self.max_age_s:
            return ''
        if age < 0.0:
            return (f'the stamp of the frame lies {-age:.2f} s in the future, at most '
                    f'{self.max_age_s:g} s are allowed (max_frame_age): let the clocks agree')
        return (f'the frame is {age:.2f} s old by its stamp, at most {self.max_age_s:g} s are '
                'allowed (max_frame_age): is the camera slow, do the clocks agree?')

    def too_early(self, frame: CameraFrame, trigger: Trigger) -> str:
        """Return why a frame may show the part before, or ''."""
        early = (trigger.triggered_ns - self.taken_ns(frame)) * 1e-9
        if early <= self.lead_s:
            return ''
        return (f'the last frame was taken {early:.3f} s before the trigger, at most '
                f'{self.lead_s:g} s are allowed (frame_lead): it may show the part before')
