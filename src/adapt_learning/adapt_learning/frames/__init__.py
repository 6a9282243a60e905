"""The words that both sides speak: contract, frame, layout, ingest.

A *frame* is the named arrays of one instant (not a tf coordinate frame). What a frame holds, in
which order and in which units, is said by the contract and by nothing else. The recorder, the bag
conversion, the live policy and the in-process evaluation all build frames with the code in here,
so training data and live observations cannot drift apart.

Owns: the contract's schema, frames, layouts, the assembling of frames from streams.
May import: numpy, pydantic, yaml, the standard library. Never: torch, mujoco, ROS.
"""

from adapt_learning.frames.contract import Contract
from adapt_learning.frames.contract_file import load_contract, parse_contract
from adapt_learning.frames.frame import Feature, Frame, FrameSpec
from adapt_learning.frames.ingest import FrameAssembler
from adapt_learning.frames.layout import Layout

__all__ = [
    'Contract',
    'Feature',
    'Frame',
    'FrameAssembler',
    'FrameSpec',
    'Layout',
    'load_contract',
    'parse_contract',
]
