"""Pages for people: the report on a dataset, on a restoration, one episode before and after.

Owns: self-contained HTML and pictures; it judges nothing itself.
May import: frames, data, matplotlib (inside functions). Never: torch, ROS.
"""

from adapt_learning.reports.quality import quality_page
from adapt_learning.reports.restoration import restoration_page
from adapt_learning.reports.view import view_page
from adapt_learning.reports.view_picture import view_picture

__all__ = ['quality_page', 'restoration_page', 'view_page', 'view_picture']
