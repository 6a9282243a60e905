"""Table 3.6: who restores what is polluted."""

from adapt_learning.benchmarks.dmdr_tables import Row

NAME, TITLE = 'table-3.6', 'Ablation of the restorer (dissertation table 3.6)'
ROWS = (
    Row('Random forest regressor', 'bc', 'restorer random_forest', {
        'fetch_pick': (65.00, 12.71), 'walker': (255.3, 48.1)}),
    Row('Generation', 'bc', 'restorer generation', {
        'fetch_pick': (89.89, 5.13), 'walker': (3452.6, 1528.8)}),
    Row('Without predictor', 'bc', 'restorer no_predictor', {
        'fetch_pick': (88.20, 4.82), 'walker': (2702.9, 1281.3)}),
    Row('Without t_thres', 'bc', 'restorer no_threshold', {
        'fetch_pick': (89.00, 4.00), 'walker': (4261.4, 857.2)}),
    Row('DMDR', 'bc', 'dmdr', {
        'fetch_pick': (90.52, 4.83), 'walker': (5066.4, 886.4)}),
)
