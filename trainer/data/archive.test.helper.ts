/** @file Zip archives of any kind, also such as no honest program makes. */
import { crc32, deflateRawSync } from 'node:zlib';

/** A file of an archive; what is stated about it can be untrue. */
export interface ArchiveFile {
  name: string;
  data: Uint8Array;
  store?: boolean;
  /** Only listed: its bytes are those at `stated.offset`. */
  ghost?: boolean;
  stated?: { size?: number; crc?: number; flags?: number; method?: number; attributes?: number; offset?: number };
}

/** The bytes of a zip archive. */
export function zipOf(files: readonly ArchiveFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  const add = (part: Uint8Array) => {
    parts.push(part);
    offset += part.length;
  };
  for (const { name, data, store = false, ghost = false, stated = {} } of files) {
    const packed = store ? data : deflateRawSync(data);
    const title = Buffer.from(name);
    const { flags = 0x0800, method = store ? 0 : 8, crc = crc32(data), size = data.length, attributes = 0 } = stated;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc, 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size, 18);
    common.writeUInt16LE(title.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(attributes, 6);
    tail.writeUInt32LE(stated.offset ?? offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000'), common, tail, title]));
    if (!ghost) add(Buffer.concat([Buffer.from('PK\u0003\u0004'), common, title, packed]));
  }
  const start = offset;
  for (const entry of directory) add(entry);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(offset - start, 12);
  end.writeUInt32LE(start, 16);
  return Buffer.concat([...parts, end]);
}
