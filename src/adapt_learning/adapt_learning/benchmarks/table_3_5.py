"""Table 3.5: who judges which states and actions are polluted."""

from adapt_learning.benchmarks.dmdr_tables import NOISY, Row

NAME, TITLE = 'table-3.5', 'Ablation of the filter (dissertation table 3.5)'
ROWS = (
    Row('Noisy data', 'bc', NOISY, {'fetch_pick': (45.40, 11.33)}),
    Row('Random filtering', 'bc', 'filter random', {'fetch_pick': (51.20, 6.80)}),
    Row('AE', 'bc', 'filter ae', {'fetch_pick': (86.00, 3.97)}),
    Row('LOF', 'bc', 'filter lof', {'fetch_pick': (76.75, 27.93)}),
    Row('AE + LOF (DMDR)', 'bc', 'dmdr', {'fetch_pick': (91.80, 4.09)}),
    Row('Trajectory, share estimated', 'bc', 'trajectory'),
)
