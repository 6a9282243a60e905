"""A run: rounds, answers, learning; and that nothing is lost whenever it is killed."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from adapt_learning.errors import DatasetError, SettingError
from adapt_learning.generation.hero.embedding import EmbeddingTraining
from adapt_learning.generation.hero.feedback import Feedback
from adapt_learning.generation.hero.journal import Journal
from adapt_learning.generation.hero.run import HeroRun, judged
from adapt_learning.stacked.checkpoint import load_checkpoint


def weights(folder):
    """Return what was learnt."""
    return load_checkpoint(folder).tensors


def same(first, second):
    """Return whether two runs learnt the same."""
    return first.keys() == second.keys() and all(
        torch.equal(x, second[name]) for name, x in first.items())


@pytest.fixture(scope='module')
def whole(pipeline, tmp_path_factory, tiny, reddest):
    """Return the folder and the facts of a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp('whole') / 'run'
    with HeroRun.create(folder, pipeline, 'a red circle', tiny) as run:
        return folder, judged(run, reddest)


def test_a_run_learns_from_every_round(whole):
    folder, history = whole
    assert [facts.round for facts in history] == [0, 1]
    for facts in history:
        assert (facts.good, facts.bad) == (3, 5) and facts.updates == 2
        assert len(facts.rewards) == 8 and facts.rewards[facts.best] == pytest.approx(1, abs=1e-5)
        assert set(facts.losses) == {'triplet', 'policy', 'clipped', 'ratio_away'}
        assert (folder / facts.best_picture).is_file()
    assert history[0].started_from == '8 from plain noise'
    assert '4 from around the noise of the best picture' in history[1].started_from
    learnt = weights(folder)
    assert any(x.abs().max() > 0 for name, x in learnt.items() if 'ddpo/module' in name)


def test_the_best_is_one_of_the_good_ones_where_the_text_has_it_so(pipeline, tmp_path, tiny,
                                                                   monkeypatch):
    """Z+ of eq. 2.9 and 2.11: three good pictures with the best, two without."""
    learnt, learn = [], EmbeddingTraining.learn

    def told(self, best, good, bad, tell):
        learnt.append(any(torch.equal(best, one) for one in good))
        return learn(self, best, good, bad, tell)

    monkeypatch.setattr(EmbeddingTraining, 'learn', told)
    for among in (True, False):
        with HeroRun.create(tmp_path / str(among), pipeline, 'a red circle',
                            replace(tiny, best_among_good=among)) as run:
            run.answer(Feedback(0, (1, 4, 6), 4))
            noises, best = run.collected.good_noises, run.collected.best_noise
            assert len(noises) == 2 + among
            assert any(torch.equal(best, one) for one in noises) is among
            assert f'4 from around those of {2 + among} good ones' in run.answer(
                Feedback(1)).started_from
    assert learnt == [True, False]


def test_without_a_share_of_its_own_the_best_is_not_counted_twice(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', replace(
            tiny, best_among_good=True, start=replace(tiny.start, best_share=0.0))) as run:
        run.answer(Feedback(0, (1, 4, 6), 4))
        assert run.answer(Feedback(1)).started_from == '8 from around those of 3 good ones'


def test_a_run_from_before_the_settings_goes_on_as_it_began(pipeline, tmp_path, tiny, reddest):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny) as run:
        run.answer(reddest(run.round()))
    facts = json.loads((tmp_path / 'run/run.json').read_text())
    del facts['config']['best_among_good'], facts['config']['ddpo']['optimizer']
    (tmp_path / 'run/run.json').write_text(json.dumps(facts))
    with HeroRun.open(tmp_path / 'run') as run:
        assert run.config == tiny


def test_the_same_seed_and_answers_make_the_same_run(whole, pipeline, tmp_path, tiny, reddest):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny) as run:
        assert judged(run, reddest) == whole[1]
    assert same(weights(whole[0]), weights(tmp_path / 'run'))


def test_another_seed_makes_another_run(whole, pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', replace(tiny, seed=1)) as run:
        pictures = run.round().pictures
    from PIL import Image
    assert not np.array_equal(pictures[0], np.asarray(Image.open(
        whole[0] / 'rounds/000/000.png')))


def test_a_round_that_was_shown_is_the_same_after_a_kill(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny) as run:
        shown = run.round().pictures
    with HeroRun.open(tmp_path / 'run') as run:
        assert np.array_equal(run.round().pictures, shown)


@pytest.mark.parametrize('where', ['_save', '_sample', '_learn_from'])
def test_a_kill_at_any_time_loses_nothing_that_was_said(whole, pipeline, tmp_path, tiny, reddest,
                                                         monkeypatch, where):
    """The answer is on disk before it is used, so it is learnt from after the kill."""
    folder = tmp_path / 'run'

    def killed(*arguments):
        raise KeyboardInterrupt

    run = HeroRun.create(folder, pipeline, 'a red circle', tiny)
    asked = run.round()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(HeroRun, where, killed)
        run.answer(reddest(asked))
    run.close()
    with HeroRun.open(folder) as run:
        assert run.round().number == 1
        assert judged(run, reddest) == whole[1]
    assert same(weights(whole[0]), weights(folder))


def test_half_of_a_learning_is_none(whole, pipeline, tmp_path, tiny, reddest, monkeypatch):
    """Where learning fails and the process lives on, it begins again from what was stored."""
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny) as run:
        asked = run.round()

        def tell(stage, done, steps):
            if stage == 'fine-tuning':
                raise torch.OutOfMemoryError('of 1 TiB')

        with pytest.raises(SettingError, match='memory does not suffice.*ddpo.at_once=20 or less'):
            run.answer(reddest(asked), tell)
        assert run.history == [] and run.collected.is_empty
        assert judged(run, reddest) == whole[1]


def test_a_half_written_answer_was_not_given(pipeline, tmp_path, tiny, reddest):
    folder = tmp_path / 'run'
    with HeroRun.create(folder, pipeline, 'a red circle', tiny) as run:
        run.round()
    (folder / 'answers.jsonl').write_text('{"round": 0, "go')
    with HeroRun.open(folder) as run:
        assert run.round().number == 0
        run.answer(reddest(run.round()))
    with HeroRun.open(folder) as run:
        assert len(run.history) == 1


@pytest.mark.parametrize('line', [
    '{"round": 1, "good": [99], "best": null}', '{"round": 1, "good": [0.5], "best": null}',
    '{"round": 1, "good": [2, 1], "best": null}', '{"round": 1, "good": [1], "best": 2}',
    '{"round": 1, "good": "12", "best": null}', '{"round": -1, "good": [1], "best": null}',
    '{"round": 1, "good": [1]}', '5', '{"round": 1, "go', '[]'])
def test_a_damaged_answer_is_named_with_what_to_do(tmp_path, line):
    (tmp_path / 'answers.jsonl').write_text(f'{{"round": 0, "good": [1], "best": 1}}\n{line}\n')
    with pytest.raises(SettingError, match=r'answers.jsonl:2 is no answer \(.+\); restore .* or '
                                           'remove it'):
        Journal(tmp_path, 8)


def test_without_a_damaged_answer_its_round_is_asked_again(pipeline, tmp_path, tiny):
    folder = tmp_path / 'run'
    with HeroRun.create(folder, pipeline, 'a red circle', tiny) as run:
        run.round()
    (folder / 'answers.jsonl').write_text('{"round": 0, "good": [99], "best": null}\n')
    with pytest.raises(SettingError, match=r'answers.jsonl:1 .*0 to 7; got \(99,\)'):
        HeroRun.open(folder)
    (folder / 'answers.jsonl').write_text('')
    with HeroRun.open(folder) as run:
        assert run.round().number == 0


def test_two_processes_never_have_one_run(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny):
        with pytest.raises(DatasetError, match='another process'):
            HeroRun.open(tmp_path / 'run')
    HeroRun.open(tmp_path / 'run').close()


def test_a_finished_run_asks_nothing(whole):
    with HeroRun.open(whole[0]) as run:
        assert run.finished and run.best_picture.is_file()
        with pytest.raises(SettingError, match='all 2 rounds'):
            run.round()
        with pytest.raises(SettingError, match='all 2 rounds'):
            run.answer(Feedback(2, (0,), 0))


def test_an_answer_to_another_round_or_against_itself_is_refused(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny) as run:
        for wrong in (Feedback(1, (0,), 0), Feedback(0, (8,)), Feedback(0, (0,), 1)):
            with pytest.raises(SettingError):
                run.answer(wrong)
        assert not (tmp_path / 'run/answers.jsonl').exists()


def test_what_is_there_is_never_overwritten(pipeline, tmp_path, tiny):
    (tmp_path / 'notes.txt').write_text('mine')
    with pytest.raises(DatasetError, match='never overwritten'):
        HeroRun.create(tmp_path, pipeline, 'a red circle', tiny)
    with pytest.raises(SettingError, match='not the folder of a run'):
        HeroRun.open(tmp_path)


def test_nothing_good_changes_nothing_and_begins_again_from_plain_noise(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny) as run:
        before = weights(run.folder)
        facts = run.answer(Feedback(0))
        assert facts.updates == 0 and 'no picture is good' in facts.explanation
        assert same(before, weights(run.folder))
        assert run.answer(Feedback(1, (2,), 2)).started_from == '8 from plain noise'


def test_the_best_picture_outlives_a_round_without_good_ones(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle',
                        replace(tiny, rounds=3)) as run:
        best = run.round().pictures[2]
        run.answer(Feedback(0, (2,), 2))
        run.answer(Feedback(1))
        assert np.array_equal(run.round().best, best)
        facts = run.answer(Feedback(2, (0, 1)))
        assert facts.started_from == '8 from plain noise'
        assert facts.best is None and facts.best_picture == 'rounds/000/002.png'
        assert facts.updates == 2 and 'the best picture was the anchor' in facts.explanation


def test_all_good_leaves_the_embedding_alone(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle',
                        replace(tiny, rounds=3)) as run:
        every = tuple(range(8))
        facts = run.answer(Feedback(0, every, 0))
        assert facts.updates == 0 and 'no picture is bad' in facts.explanation
        run.answer(Feedback(1, (0, 3), 0))
        facts = run.answer(Feedback(2, every, 0))
        assert facts.updates == 2 and 'stays as it was' in facts.explanation


def test_good_ones_without_a_best(pipeline, tmp_path, tiny):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny) as run:
        facts = run.answer(Feedback(0, (1, 4)))
        assert facts.updates == 2 and 'every good one was an anchor' in facts.explanation
        assert facts.best_picture is None and run.best_picture is None
        assert run.answer(Feedback(1, (0,), 0)).started_from == '8 from around those of 2 good ones'


@pytest.mark.parametrize(('method', 'losses'), [
    ('d3po', {'preference', 'ratio_away'}), ('supervised', {'denoising'})])
def test_baselines_learn_from_the_same_answers(pipeline, tmp_path, tiny, reddest, method, losses):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle',
                        replace(tiny, method=method)) as run:
        for facts in judged(run, reddest):
            assert facts.updates > 0 and set(facts.losses) == losses and not facts.rewards


@pytest.mark.parametrize('reward', ['positives', 'no_embed', 'binary'])
def test_variants_of_the_reward(pipeline, tmp_path, tiny, reddest, reward):
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle',
                        replace(tiny, reward=reward, rounds=1)) as run:
        [facts] = judged(run, reddest)
    assert facts.updates == 2 and ('triplet' in facts.losses) == (reward == 'positives')
    if reward == 'binary':
        assert sorted(facts.rewards) == [0] * 5 + [1] * 3


def test_random_numbers_of_other_programs_change_nothing(whole, pipeline, tmp_path, tiny, reddest):
    torch.manual_seed(123)
    with HeroRun.create(tmp_path / 'run', pipeline, 'a red circle', tiny) as run:
        assert run.answer(reddest(run.round())) == whole[1][0]

