"""`adapt bench data-quality` measures with the truth beside it."""

import json

from adapt_learning.benchmarks.data_quality import measure, table
from adapt_learning.data.pollution import KINDS


def test_every_kind_is_measured_and_clean_data_first(tmp_path):
    seen = []
    result = measure('fetch_pick', 12, 0, tmp_path, lambda done, note: seen.append(note))
    assert seen == [*KINDS, '']
    rows = {row['kind']: row for row in result['rows']}
    assert list(rows) == ['clean', *KINDS]
    assert rows['clean']['state']['auc'] is None and rows['clean']['verdicts']['bad'] == 0
    for side in ('state', 'action'):
        assert rows['gaussian'][side]['auc'] > 0.95
        assert rows['gaussian'][side]['found'] > 0.8 > 0.1 > rows['gaussian'][side]['false']
    assert table(result).count('\n') == len(KINDS) + 2
    json.dumps(result, allow_nan=False)
