"""Table 3.4: methods that learn from polluted demonstrations."""

from adapt_learning.benchmarks.dmdr_tables import CLEAN, NOISY, Row

NAME, TITLE = 'table-3.4', 'Learning from polluted demonstrations (dissertation table 3.4)'
ROWS = (
    Row('BC, clean demonstrations', 'bc', CLEAN),
    Row('BC', 'bc', NOISY, {
        'fetch_pick': (44.38, 11.02), 'fetch_push': (67.97, 4.81), 'hand_rotate': (45.56, 6.15),
        'walker': (4456.8, 1051.1)}),
    # The strongest that BC can do without mending anything: it stops before it knows the faults.
    Row('BC, best checkpoint', 'bc', NOISY, settings=('optimization.keep=best',)),
    Row('DMDR', 'bc', 'dmdr', {
        'fetch_pick': (90.52, 4.83), 'fetch_push': (79.64, 5.30), 'hand_rotate': (51.70, 5.85),
        'walker': (5066.4, 886.4)}),
    Row('DMDR, to the letter', 'bc', 'published'),
    Row('DMDR, trajectory', 'bc', 'trajectory'),
    Row('Ensemble BC', 'ensemble_bc', NOISY, {
        'fetch_pick': (51.36, 6.67), 'fetch_push': (72.25, 3.20), 'hand_rotate': (51.03, 4.33),
        'walker': (5170.6, 395.2)}),
    Row('BCND', 'bcnd', NOISY, {
        'fetch_pick': (52.87, 12.71), 'fetch_push': (71.01, 17.98), 'hand_rotate': (54.97, 4.49),
        'walker': (5144.8, 739.6)}),
    Row('Ensemble DMDR', 'ensemble_bc', 'dmdr', {
        'fetch_pick': (91.80, 2.54), 'fetch_push': (82.03, 2.87), 'hand_rotate': (55.36, 4.43),
        'walker': (6168.1, 284.9)}),
    Row('Ensemble DMDR, trajectory', 'ensemble_bc', 'trajectory'),
)
