"""
What a bag of the recorder says about itself.

The texts stand twice: in metadata records of the MCAP file, where they survive a crash, and in
`custom_data` of metadata.yaml, where every tool of rosbag2 shows them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from adapt_learning.errors import DatasetError
from adapt_learning.frames import Contract
from adapt_learning.frames.contract_file import parse_contract
from adapt_ros.recording import salvage

ABOUT, ENDED = 'adapt_recording', 'adapt_ended'
"""Names of the two metadata records: what is known at the begin, and at the end."""
OUTCOMES = ('unknown', 'success', 'failure', 'aborted')
"""By the numbers of adapt_msgs/msg/Outcome."""
OPERATOR, EPISODE = 'operator', 'episode'
"""Who said the outcome."""
_FORMAT = '1'


@dataclass(frozen=True)
class Recording:
    """One recorded demonstration."""

    contract: Contract
    namespace: str
    """Where the nodes stood, such as /robot1; empty: nowhere."""
    episode_topic: str
    task: str
    operator: str
    outcome: str
    """One of OUTCOMES."""
    by_operator: bool
    """The outcome is the operator's word, not that of the last episode."""
    note: str
    started: str
    """Date and time, ISO 8601, UTC."""
    recovered: str
    """What was lost, where the recorder did not end the bag itself; else empty."""
    texts: Mapping[str, str]
    """Everything, as it is stored."""


def begin_texts(contract: Contract, *, namespace: str, episode_topic: str, task: str,
                operator: str, started: str, host: str, version: str) -> dict[str, str]:
    """Return what is stored at the begin of a recording."""
    return {
        'format': _FORMAT, 'contract': contract_text(contract), 'contract_name': contract.name,
        'contract_hash': contract.hash, 'interface_hash': contract.interface_hash,
        'namespace': namespace, 'episode_topic': episode_topic, 'task': task,
        'operator': operator, 'started': started, 'host': host, 'software_version': version}


def contract_text(contract: Contract) -> str:
    """Return a contract as YAML; `parse_contract` gives an equal one."""
    values = contract.model_dump(mode='json', exclude_defaults=True)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def texts_of(bag: Path) -> dict[str, str]:
    """Return what the recorder stored about a bag, finished or not; empty for other bags."""
    custom = _custom_data(bag / 'metadata.yaml')
    if custom:
        return custom
    found: dict[str, str] = {}
    for file in sorted(bag.glob('*.mcap')):
        try:
            stored = salvage.metadata_of(file)
        except OSError:
            continue
        found |= stored.get(ABOUT, {}) | stored.get(ENDED, {})
    return found


def recording_of(bag: str | Path) -> Recording | None:
    """
    Return what the recorder stored about a bag; None for a bag of another recorder.

    Raises DatasetError where the stored contract cannot be read.
    """
    bag = Path(bag)
    texts = texts_of(bag)
    if 'contract' not in texts:
        return None
    if texts.get('format') != _FORMAT:
        raise DatasetError(f'{bag} was recorded in format {texts.get("format")}, and {_FORMAT} is '
                           'known here; read it with the version that wrote it')
    outcome = texts.get('outcome', 'unknown')
    return Recording(
        contract=parse_contract(texts['contract'], f'the contract in {bag.name}'),
        namespace=texts.get('namespace', ''), episode_topic=texts.get('episode_topic', 'episode'),
        task=texts.get('task', ''), operator=texts.get('operator', ''),
        outcome=outcome if outcome in OUTCOMES else 'unknown',
        by_operator=texts.get('outcome_by', OPERATOR) == OPERATOR, note=texts.get('note', ''),
        started=texts.get('started', ''), recovered=texts.get('recovered', ''), texts=texts)


def _custom_data(path: Path) -> dict[str, str]:
    try:
        values = yaml.safe_load(path.read_text(encoding='utf-8'))
        found = values['rosbag2_bagfile_information'].get('custom_data') or {}
        return {str(key): str(value) for key, value in found.items()}
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return {}
