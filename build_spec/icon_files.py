"""Draws the icon in every size and format: `python -m build_spec.icon_files FOLDER`."""

import os
import sys
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "resources" / "icons" / "crm-desktop.svg"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
WINDOWS_SIZES = (16, 24, 32, 48, 64, 128, 256)


def main(folder: Path) -> None:
    """Write `crm-desktop.svg`, `.ico`, `.icns`, and `SIZExSIZE.png` for each size."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "crm-desktop.svg").write_bytes(SOURCE.read_bytes())
    for size in SIZES:
        draw(size, folder / f"{size}x{size}.png")
    with Image.open(folder / "512x512.png") as largest:
        largest.save(folder / "crm-desktop.ico", sizes=[(size, size) for size in WINDOWS_SIZES])
        largest.save(folder / "crm-desktop.icns")


def draw(size: int, target: Path) -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(SOURCE)).render(painter)
    painter.end()
    if not image.save(str(target)):
        raise OSError(f"{target} could not be written")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
