"""Other pollution than Gaussian noise: what it costs, and what DMDR does on each."""

from adapt_learning.benchmarks.dmdr_tables import CLEAN, NOISY, Row
from adapt_learning.data.pollution import KINDS

NAME, TITLE = 'dmdr-kinds', 'Kinds of pollution, before and after DMDR'
ROWS = (
    Row('clean demonstrations', 'bc', CLEAN),
    *(Row(f'{kind}, {title}', 'bc', f'{kind}: {data}')
      for kind in KINDS for title, data in (
          ('noisy', NOISY), ('DMDR', 'dmdr'), ('DMDR, trajectory', 'trajectory'))))
