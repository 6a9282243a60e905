"""What the dissertation leaves open: DMDR with other values of t_thres, of k and of the share."""

from adapt_learning.benchmarks.dmdr_tables import CLEAN, NOISY, Row

NAME, TITLE = 'dmdr-settings', 'Settings of DMDR that the dissertation leaves open'
ROWS = (
    Row('clean demonstrations', 'bc', CLEAN),
    Row('noisy', 'bc', NOISY),
    Row('DMDR (t_thres 25, k 40, share 0.5)', 'bc', 'dmdr'),
    *(Row(f't_thres {level}', 'bc', f'threshold {level}') for level in (5, 15, 35, 45)),
    *(Row(f'k {count}', 'bc', f'neighbors {count}') for count in (20, 100)),
    Row('share called clean 0.7', 'bc', 'share 0.7'),
)
