"""Table 3.4: methods that learn from polluted demonstrations."""

from adapt_learning.benchmarks.dmdr_tables import CLEAN, NOISY, Row

NAME, TITLE = 'table-3.4', 'Learning from polluted demonstrations (dissertation table 3.4)'
ROWS = (
    Row('BC, clean demonstrations', 'bc', CLEAN),
    Row('BC', 'bc', NOISY, {'fetch_pick': (44.38, 11.02), 'fetch_push': (67.97, 4.81)}),
    # The strongest that BC can do without mending anything: it stops before it knows the faults.
    Row('BC, best checkpoint', 'bc', NOISY, settings=('optimization.keep=best',)),
    Row('DMDR', 'bc', 'dmdr', {'fetch_pick': (90.52, 4.83), 'fetch_push': (79.64, 5.30)}),
    Row('DMDR, to the letter', 'bc', 'published'),
    Row('DMDR, trajectory', 'bc', 'trajectory'),
    Row('Ensemble BC', 'ensemble_bc', NOISY,
        {'fetch_pick': (51.36, 6.67), 'fetch_push': (72.25, 3.20)}),
    Row('BCND', 'bcnd', NOISY, {'fetch_pick': (52.87, 12.71), 'fetch_push': (71.01, 17.98)}),
    Row('Ensemble DMDR', 'ensemble_bc', 'dmdr',
        {'fetch_pick': (91.80, 2.54), 'fetch_push': (82.03, 2.87)}),
    Row('Ensemble DMDR, trajectory', 'ensemble_bc', 'trajectory'),
)
