"""`adapt doctor`: says what works, and how to mend what does not."""

import json

from typer.testing import CliRunner

from adapt_learning.cli import doctor as cli_doctor
from adapt_learning.cli.main import app
from adapt_learning.evaluation import doctor
from adapt_learning.evaluation.doctor import MISSING, OK, OPTIONAL, Finding


def test_this_machine_is_healthy_and_the_json_is_pure(adapt_process):
    done = adapt_process('doctor', '--json', '-', '--no-ros')
    assert done.returncode == 0, done.stderr
    found = {f['name']: f for f in json.loads(done.stdout)['findings']}
    for name in ('python', 'numpy', 'mujoco', 'onnxruntime', 'rendering', 'disk space'):
        assert name in found
    assert found['numpy']['state'] == OK


def test_a_missing_package_comes_with_its_command(monkeypatch):
    monkeypatch.setattr(doctor, '_version', lambda name: None if name == 'mujoco' else '1.0')
    found = {f.name: f for f in doctor.examine(render=False, ros=False)}
    assert found['mujoco'].state == MISSING
    assert found['mujoco'].mend.endswith('-m pip install mujoco')


def test_missing_things_give_exit_code_1(monkeypatch):
    findings = [Finding('disk space', MISSING, '0.1 GB free', 'free space')]
    monkeypatch.setattr(doctor, 'examine', lambda **_: findings)
    result = CliRunner().invoke(app, ['doctor'])
    assert result.exit_code == 1 and 'free space' in result.output
    assert cli_doctor.FAILED == 1


def test_probes_that_crash_or_hang_are_findings(monkeypatch):
    monkeypatch.setattr(doctor, '_RENDER', 'import os; os.abort()')
    finding = doctor._rendering()
    assert finding.state == OPTIONAL and 'apt-get install' in finding.mend
    monkeypatch.setattr(doctor, '_PROBE_S', 1)
    assert doctor._probe('import time; time.sleep(30)') == (False, 'no answer within 1 s')


def test_a_folder_without_permission_and_a_full_disk(tmp_path, monkeypatch):
    assert doctor._writing(tmp_path / 'gone').state == MISSING
    monkeypatch.setattr(doctor, '_DISK_GB', 1e9)
    assert 'df -h' in doctor._disk(tmp_path).mend
