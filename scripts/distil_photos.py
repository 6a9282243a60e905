"""Fetch the photographs that models/adapt_small was distilled on: `distil_photos.py FOLDER`.

Textures of robosuite 1.5.2 and metaworld 3.1.1 (MIT) and sample pictures of scikit-image 0.19.3
(BSD, pictures in the public domain or CC0), taken out of their archives on PyPI. Pictures of brands
and drawings are left out.
"""

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_ARCHIVES = {
    'robosuite==1.5.2': 'robosuite/models/assets/textures/',
    'metaworld==3.1.1': 'metaworld/assets/',
    'scikit-image==0.19.3': 'skimage/data/',
}
_LEFT_OUT = {'can', 'cereal', 'soda', 'height1', 'tennis'}
_OF_SCIKIT_IMAGE = {
    'astronaut', 'brick', 'camera', 'cell', 'chelsea', 'coffee', 'coins', 'grass', 'gravel',
    'hubble_deep_field', 'ihc', 'moon', 'motorcycle_left', 'retina', 'rocket'}


def main() -> None:
    """Write the photographs into the folder of the command line."""
    if len(sys.argv) != 2:
        sys.exit('one folder for the photographs is needed: distil_photos.py FOLDER')
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    for package, place in _ARCHIVES.items():
        name = package.partition('==')[0]
        count = 0
        for path, data in _pictures(package, place):
            if path.stem in _LEFT_OUT or (
                    name == 'scikit-image' and path.stem not in _OF_SCIKIT_IMAGE):
                continue
            inner = str(path.relative_to(place)).replace('/', '-')
            (folder / f'{name}-{inner}').write_bytes(data)
            count += 1
        print(f'{package}: {count} photographs')


def _pictures(package: str, place: str) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield path and bytes of the pictures below a place in the archive of a package."""
    with tempfile.TemporaryDirectory() as scratch:
        # Of an older Python: nothing is installed, and newer ones would be built.
        subprocess.run([sys.executable, '-m', 'pip', 'download', '--quiet', '--no-deps',
                        '--only-binary', ':all:', '--python-version', '3.10',
                        '--dest', scratch, package], check=True)
        archive = next(Path(scratch).iterdir())
        with zipfile.ZipFile(archive) as held:
            for name in sorted(held.namelist()):
                path = PurePosixPath(name)
                if name.startswith(place) and path.suffix in ('.png', '.jpg'):
                    yield path, held.read(name)


if __name__ == '__main__':
    main()
