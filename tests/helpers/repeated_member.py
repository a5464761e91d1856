"""Members of zip archives that go on with the same bytes again and again, which are packed once: bombs for little."""

import zlib
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo


def add_repeated(package: ZipFile, name: str, *, begin: bytes, block: bytes, count: int) -> None:
    """Add a member of `begin` and then `count` times `block`.

    It is written as it is packed, and only then declared to be so, where readers look: in the archive's directory.
    """
    packer = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    head, body = (packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH) for data in (begin, block))
    info = ZipInfo(name)
    info.compress_type = ZIP_STORED
    with package.open(info, "w") as member:
        member.write(head)
        for _ in range(count):
            member.write(body)
        member.write(packer.flush())
    checksum = zlib.crc32(begin)
    for _ in range(count):
        checksum = zlib.crc32(block, checksum)
    info.compress_type, info.CRC, info.file_size = ZIP_DEFLATED, checksum, len(begin) + count * len(block)
