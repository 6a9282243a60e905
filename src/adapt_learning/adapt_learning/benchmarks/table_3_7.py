"""Table 3.7: restored demonstrations help other imitation learning algorithms too."""

from adapt_learning.benchmarks.dmdr_tables import CLEAN, NOISY, Row

NAME, TITLE = 'table-3.7', 'Imitation learning algorithms with DMDR (dissertation table 3.7)'
ROWS = (
    Row('BC, clean', 'bc', CLEAN),
    Row('BC, noisy', 'bc', NOISY, {'fetch_pick': (44.38, 11.02)}),
    Row('BC, restored', 'bc', 'dmdr', {'fetch_pick': (90.52, 4.83)}),
    Row('Implicit BC, clean', 'implicit_bc', CLEAN),
    Row('Implicit BC, noisy', 'implicit_bc', NOISY, {'fetch_pick': (3.00, 3.24)}),
    Row('Implicit BC, restored', 'implicit_bc', 'dmdr', {'fetch_pick': (44.56, 6.98)}),
    Row('Diffusion Policy, clean', 'diffusion_policy', CLEAN),
    Row('Diffusion Policy, noisy', 'diffusion_policy', NOISY, {'fetch_pick': (25.80, 2.59)}),
    Row('Diffusion Policy, restored', 'diffusion_policy', 'dmdr', {'fetch_pick': (97.40, 2.19)}),
)
