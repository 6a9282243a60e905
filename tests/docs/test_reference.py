"""The tables of the reference pages and of the README say what the code and the results say."""

import ast
import json
import re
import sys
from dataclasses import fields

import documentation
import pytest
import typer
from test_commands import LAUNCH, NODES, launch_arguments, settings_classes

from adapt_learning import catalog
from adapt_learning.cli.main import app
from adapt_learning.evaluation.simulation import make_task
from adapt_learning.frames import contract as schema
from adapt_learning.frames.messages import FIELDS, STAMPED
from adapt_learning.runtime import StopReason

ROOT = documentation.ROOT
PARTS = {
    '## Top level': schema.Contract, '## Observation feature': schema.ObservationFeature,
    '### Derivation': schema.Derivation, '## Action feature': schema.ActionFeature,
    '## Camera': schema.Camera, '## Safety': schema.Safety,
}
# What stands for a value in a message on the page: X, numbers, quoted names, known names.
VALUES = re.compile(r"\.\.\.|'?\b(?:X|Y|N|NODE|float|fetch_pick|bc, dbc|policy_node|policy"
                    r"|sim_bridge)\b'?"
                    r"|'[^']*'|\d[\d.]*|manifest\.json|:='|(?:goal|reset was) refused: |stopped: ")
OF_RCLPY = ('Invalid parameter value',)


def page(name):
    return (ROOT / 'docs/reference' / name).read_text(encoding='utf-8')


def shown(value):
    """Return how a page writes a default."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(('heading', 'part'), PARTS.items())
def test_words_of_the_contract(heading, part):
    rows = documentation.table(documentation.section(page('contract.md'), heading), 'word')
    assert [row[0] for row in rows] == list(part.model_fields)
    for word, default, *_ in rows:
        declared = part.model_fields[word]
        if declared.is_required():
            assert default == 'needed', word
        elif isinstance(declared.default, float | int) or declared.default in ('none', 'sync'):
            assert default == shown(declared.default), word


def test_tasks():
    sys.path.insert(0, str(ROOT / 'docs/tools'))
    import tasks
    rows = []
    for name in catalog.names('task'):
        task = make_task(name)
        rows.append(tasks.row(task))
        task.close()
    assert '\n'.join(rows) in page('tasks.md')


def test_alignments():
    from typing import get_args
    rows = documentation.table(page('contract.md'), 'value')
    assert {row[0] for row in rows} == set(
        get_args(schema.ObservationFeature.model_fields['align'].annotation))


def test_message_types():
    rows = documentation.table(page('contract.md'), 'type')
    assert {row[0] for row in rows} == set(FIELDS)
    for name, names, header in rows:
        assert set(re.findall(r'`?([a-z_.]+)`? ?(?:\(|,|$|`)', names)) >= set(FIELDS[name])
        assert (header == 'yes') == (name in STAMPED), name


@pytest.mark.parametrize('name', NODES)
def test_parameters(name):
    kind = settings_classes()[name]
    rows = documentation.table(documentation.section(page('nodes.md'), f'## {name}'), 'parameter')
    assert [row[0] for row in rows] == [f.name for f in fields(kind)]
    for row, item in zip(rows, fields(kind), strict=True):
        assert row[1] == (shown(item.default) if item.default != '' else 'empty'), row
        within = item.metadata['within']
        if within:
            low, high = row[2].split(';')[0].replace('2^62', str(2**62)).split('..')
            assert (float(low), float(high)) == (within.low, within.high), row


@pytest.mark.parametrize('name', NODES)
def test_services(name):
    source = (ROOT / f'src/adapt_ros/adapt_ros/nodes/{name}.py').read_text(encoding='utf-8')
    text = documentation.section(page('nodes.md'), f'## {name}')
    own = set(re.findall(r"'(~/\w+)'", source))
    own |= {f'~/{name}' for name in re.findall(r"\('(\w+)', self\._on_\w+\)", source)}
    assert own == {match for match in re.findall(r'^\| `(~/\w+)` \|', text, re.M)}


def test_options_of_adapt():
    def verbs(command, path):
        if hasattr(command, 'commands'):
            for name, member in command.commands.items():
                yield from verbs(member, [*path, name])
        else:
            yield ' '.join(path), command

    text, seen = page('cli.md'), set()
    for path, command in verbs(typer.main.get_command(app), ['adapt']):
        heading = next(line for line in text.splitlines() if line.startswith(f'## `{path}'))
        seen.add(heading)
        rows = documentation.table(documentation.section(text, heading), 'option')
        real = {option for parameter in command.params for option in
                (*parameter.opts, *parameter.secondary_opts) if option.startswith('--')}
        assert {option for row in rows for option in re.findall(r'--[\w-]+', row[0])} == (
            real - {'--help'}), path
    assert seen == {line for line in text.splitlines() if line.startswith('## `adapt')}


@pytest.mark.parametrize('name', sorted(LAUNCH))
def test_arguments_of_launch_files(name):
    text = documentation.section(page('launch.md'), f'## `{name}`')
    rows = {row[0]: row[1] for row in documentation.table(text, 'argument')}
    real = launch_arguments(LAUNCH[name])
    assert rows == {argument: default or 'empty' for argument, default in real.items()}


def test_defaults_of_the_launch_file_of_inspection_are_those_of_the_node():
    """Arguments that are not given are not handed on: a parameter file may set them."""
    arguments = launch_arguments(LAUNCH['inspection.launch.py'])
    defaults = {f.name: shown(f.default) for f in fields(settings_classes()['inspection_node'])}
    assert set(arguments) - set(defaults) == {'params_file', 'namespace'}
    assert {name: default for name, default in arguments.items() if name in defaults} == {
        name: default for name, default in defaults.items() if name in arguments}


def test_termination_reasons():
    rows = documentation.table(page('exit_codes_and_errors.md'), 'reason')
    assert [(row[0], int(row[1])) for row in rows] == [(r.name, r.value) for r in StopReason]
    for name, _, latched, *_ in rows:
        assert (latched == 'yes') == StopReason[name].latches, name


def spoken():
    """Return all texts of the sources, with {} where a value stands."""
    texts = []
    for path in (ROOT / 'src').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.JoinedStr):
                texts.append(''.join(part.value if isinstance(part, ast.Constant) else '{}'
                                     for part in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return '\n'.join(texts)


def test_messages_are_said_somewhere():
    """Each message on the page has its words in the sources; X, N, Y and numbers are values."""
    sources = spoken()
    text = page('exit_codes_and_errors.md')
    rows = [*documentation.table(documentation.section(text, '## Messages of the nodes'),
                                 'message'),
            *documentation.table(documentation.section(text, '## Messages of `adapt`'),
                                 'message')]
    assert len(rows) > 20
    for message, *_ in rows:
        longest = fixed_words(re.match(r'`?([^`]+)`?', message)[1])
        assert longest in sources or longest in OF_RCLPY, f'{message!r}: nothing says {longest!r}'


def fixed_words(message):
    """Return the longest part of a message that no value stands in."""
    parts = re.split(VALUES, message)
    return max(parts, key=len).strip(' ;:,().')



def test_anchors():
    for file in documentation.PAGES:
        for target in documentation.links(file.read_text(encoding='utf-8')):
            path, _, anchor = target.partition('#')
            aim = (file.parent / path).resolve() if path else file
            assert aim.exists(), f'{file.name}: {target}'
            if anchor:
                assert anchor in documentation.anchors(aim.read_text(encoding='utf-8')), (
                    f'{file.name}: {target}')


def test_readme_has_the_stored_results():
    stored = ROOT / 'benchmarks/table-3.3.json'
    if not stored.is_file():
        pytest.skip('benchmarks/table-3.3.json is not made yet: adapt bench table-3.3')
    values = json.loads(stored.read_text(encoding='utf-8'))
    means = {(variant['settings']['expert'], cell['policy'], cell['noise_level']): cell['mean']
             for variant in values['variants'] if variant['settings']['preset'] == 'cpu'
             for cell in variant['cells']}
    published = values['published']
    expected = []
    for index, level in enumerate(published['levels']):
        ours = [means.get((expert, policy, level))
                for expert in ('smooth', 'staged') for policy in ('bc', 'dbc')]
        theirs = [published[policy][index] for policy in ('bc', 'dbc')]
        expected.append([f'{level:g}', *('-' if x is None else f'{x:.1f}'
                                         for x in (*ours, *theirs))])
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    assert documentation.table(text, 'noise level') == expected


def test_readme_has_the_stored_results_of_six_tasks():
    variant, = json.loads((ROOT / 'benchmarks/table-3.2.json').read_text('utf-8'))['variants']
    cells = {(cell['task'], cell['row']): cell for cell in variant['cells']}
    rows = documentation.table((ROOT / 'README.md').read_text(encoding='utf-8'), 'task')
    assert [row[0] for row in rows] == [task['task'] for task in variant['tasks']]
    for task, row in zip(variant['tasks'], rows, strict=True):
        mine = [cells.get((task['task'], title)) for title in (
            'BC', 'Implicit BC', 'Diffusion policy', 'Flow matching', 'DBC')]
        theirs = [cells[task['task'], title]['published'][0] for title in ('BC', 'DBC')]
        means = [None if cell is None else cell['mean'] for cell in mine]
        assert row[1:] == ['-' if x is None else f'{x:.1f}'
                           for x in (*means, task['expert'], *theirs)], task


def test_readme_has_the_stored_results_of_restoration():
    values = json.loads((ROOT / 'benchmarks/table-3.4.json').read_text(encoding='utf-8'))
    cells = {(cell['row'], cell['task']): cell for cell in values['cells']}
    tasks = ('fetch_pick', 'fetch_push')
    rows = documentation.table((ROOT / 'README.md').read_text(encoding='utf-8'), 'learns from')
    assert {row[1] for row in rows} == {title for title, _ in cells}
    for data, title, *numbers in rows:
        assert data == cells[title, tasks[0]]['data']
        ours = [f'{cells[title, task]["mean"]:.1f}' for task in tasks]
        theirs = ['-' if (one := cells[title, task]['published']) is None else f'{one[0]:.1f}'
                  for task in tasks]
        assert numbers == ours + theirs, title
        assert all(len(cells[title, task]['seeds']) == 5 for task in tasks), title


def test_readme_has_the_stored_results_of_inspection():
    values = json.loads((ROOT / 'benchmarks/inspection.json').read_text(encoding='utf-8'))
    expected = [
        [row['detector'], str(row['references']),
         *(f'{row["surfaces"][name]["image_auroc"]["mean"]:.3f}' for name in values['surfaces']),
         f'{row["mean"]["image_auroc"]["mean"]:.3f}'] for row in values['rows']]
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    assert documentation.table(text, 'detector') == expected
    assert {row[0] for row in expected} >= {'surface_detector: fused, adapt_small',
                                            'nearest_patch, mobilenet_v2'}


def test_readme_has_the_stored_results_of_feedback():
    values = json.loads((ROOT / 'benchmarks/hero.json').read_text(encoding='utf-8'))
    rates = {(cell['method'], cell['rule']): cell for cell in values['cells']}
    methods = ['pretrained', 'dreambooth', 'supervised', 'd3po', 'hero']
    rules = list(dict.fromkeys(rule for _, rule in rates))
    text = (ROOT / 'README.md').read_text(encoding='utf-8')
    rows = documentation.table(text, 'method')
    assert [row[0].lower() for row in rows] == methods
    assert [row[1:] for row in rows] == [
        [f'{100 * rates[method, rule]["rate"]:.1f}' for rule in rules] for method in methods]
    assert all(len(rates[method, rule]['seeds']) == 3 for method in methods for rule in rules), (
        'as README says')


def test_the_page_on_dmdr_has_the_stored_results_of_each_kind_of_fault():
    values = json.loads((ROOT / 'benchmarks/dmdr-kinds.json').read_text(encoding='utf-8'))
    means = {cell['data']: cell['mean'] for cell in values['cells']
             if cell['task'] == 'fetch_pick' and cell['seeds']}
    rows = documentation.table(
        (ROOT / 'docs/explanation/dmdr.md').read_text(encoding='utf-8'), 'fault')
    kinds = [fault.split()[0] for fault, *_ in rows]
    assert set(kinds) == {data.split(':')[0] for data in means if ':' in data} - {'gaussian'}
    for kind, (_, *shown) in zip(kinds, rows, strict=True):
        assert [cell.strip('* %') for cell in shown] == [
            f'{means[f"{kind}: {data}"]:.0f}' for data in ('noisy', 'dmdr', 'trajectory')], kind
