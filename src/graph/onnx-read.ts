/**
 * Reads an ONNX file back into the parts that `writeOnnx` puts together: what vultus writes, not all of ONNX. Numbers in comments are
 * the field numbers of onnx.proto.
 */
import protobuf from 'protobufjs/minimal.js';
import { ModelError } from '../errors.js';
import {
  dataTypes,
  type OnnxInitializer,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
  type StoredType,
} from './onnx.js';
import type { Attribute, Values } from './tensor.js';

type Reader = protobuf.Reader;

/** What to do with the fields of a message, by number; the others are skipped. */
type Fields = Readonly<Record<number, (r: Reader) => void>>;

/** The file's graph and metadata; weights are copies. Throws ModelError where it is no ONNX file, or not of the kind vultus writes. */
export function readOnnx(bytes: Uint8Array): OnnxModel {
  let graph: Omit<OnnxModel, 'metadata'> | undefined;
  const metadata = readModel(bytes, (part) => {
    graph = readGraph(part);
  });
  return { ...graph!, metadata };
}

/** Only `metadata_props`; what the graph holds is not looked at. Throws ModelError where the bytes are no protobuf or hold no graph. */
export function readOnnxMetadata(bytes: Uint8Array): Record<string, string> {
  return readModel(bytes, () => undefined);
}

/** ModelProto: the metadata; its GraphProto goes to `graph`, a view of the file. */
function readModel(bytes: Uint8Array, graph: (part: Uint8Array) => void): Record<string, string> {
  const metadata: Record<string, string> = {};
  let found = false;
  try {
    readFields(bytes, {
      7: (r) => {
        found = true;
        graph(r.bytes());
      },
      14: (r) => {
        const { key, value } = readProperty(r.bytes());
        Object.defineProperty(metadata, key, { value, enumerable: true, configurable: true, writable: true });
      },
    });
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError('not an ONNX file: its protobuf cannot be read', { cause });
  }
  if (!found) throw new ModelError('not an ONNX file: it holds no graph');
  return metadata;
}

function readFields(bytes: Uint8Array, fields: Fields): void {
  const r = protobuf.Reader.create(bytes);
  while (r.pos < r.len) {
    const tag = r.uint32();
    const read = fields[tag >>> 3];
    if (read) read(r);
    else r.skipType(tag & 7);
  }
}

/** StringStringEntryProto */
function readProperty(bytes: Uint8Array): { key: string; value: string } {
  const property = { key: '', value: '' };
  readFields(bytes, {
    1: (r) => {
      property.key = r.string();
    },
    2: (r) => {
      property.value = r.string();
    },
  });
  return property;
}

const int = (r: Reader): number => Number(r.int64());

/** GraphProto */
function readGraph(bytes: Uint8Array): Omit<OnnxModel, 'metadata'> {
  let name = '';
  const nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [];
  const [inputs, outputs]: [OnnxValue[], OnnxValue[]] = [[], []];
  readFields(bytes, {
    1: (r) => nodes.push(readNode(r.bytes())),
    2: (r) => {
      name = r.string();
    },
    5: (r) => initializers.push(readTensor(r.bytes())),
    11: (r) => inputs.push(readValue(r.bytes())),
    12: (r) => outputs.push(readValue(r.bytes())),
  });
  return { name, nodes, initializers, inputs, outputs };
}

/** NodeProto */
function readNode(bytes: Uint8Array): OnnxNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes: Record<string, Attribute> = {};
  let [name, type, domain] = ['', '', ''];
  readFields(bytes, {
    1: (r) => inputs.push(r.string()),
    2: (r) => outputs.push(r.string()),
    3: (r) => {
      name = r.string();
    },
    4: (r) => {
      type = r.string();
    },
    5: (r) => {
      const attribute = readAttribute(r.bytes());
      attributes[attribute.name] = attribute.value;
    },
    7: (r) => {
      domain = r.string();
    },
  });
  return { name, type: domain ? `${domain}:${type}` : type, inputs, outputs, attributes };
}

/** AttributeProto: a FLOAT, an INT, a STRING or INTS */
function readAttribute(bytes: Uint8Array): { name: string; value: Attribute } {
  let name = '';
  let kind = 0;
  let [float, integer, string] = [0, 0, ''];
  const ints: number[] = [];
  readFields(bytes, {
    1: (r) => {
      name = r.string();
    },
    2: (r) => {
      float = r.float();
    },
    3: (r) => {
      integer = int(r);
    },
    4: (r) => {
      string = r.string();
    },
    8: (r) => ints.push(int(r)),
    20: (r) => {
      kind = r.uint32();
    },
  });
  const values: Record<number, Attribute> = { 1: { float }, 2: { int: integer }, 3: { string }, 7: { ints } };
  const value = values[kind];
  if (!value)
    throw new ModelError(`an ONNX file with the attribute ${name} of kind ${kind}, which vultus does not write`);
  return { name, value };
}

/** TensorProto with raw_data */
function readTensor(bytes: Uint8Array): OnnxInitializer {
  const shape: number[] = [];
  let [name, type] = ['', 0];
  let raw = new Uint8Array(0);
  readFields(bytes, {
    1: (r) => shape.push(int(r)),
    2: (r) => {
      type = r.uint32();
    },
    8: (r) => {
      name = r.string();
    },
    9: (r) => {
      raw = Uint8Array.from(r.bytes());
    },
  });
  const make: Record<StoredType, (data: ArrayBuffer) => Values> = {
    float32: (data) => new Float32Array(data),
    int32: (data) => new Int32Array(data),
    int64: (data) => new BigInt64Array(data),
    int8: (data) => new Int8Array(data),
    uint8: (data) => new Uint8Array(data),
    bool: (data) => new Uint8Array(data),
  };
  const stored = storedType(type);
  return { name, type: stored, shape, values: make[stored](raw.buffer) };
}

function storedType(number: number): StoredType {
  for (const [name, known] of Object.entries(dataTypes)) if (known === number) return name as StoredType;
  throw new ModelError(`an ONNX file with data of type ${number}, which vultus does not write`);
}

/** ValueInfoProto: see `writeValue` */
function readValue(bytes: Uint8Array): OnnxValue {
  let [name, type] = ['', 0];
  const shape: (number | string)[] = [];
  const readShape: Fields = {
    1: (r) => readFields(r.bytes(), { 1: (d) => shape.push(int(d)), 2: (d) => shape.push(d.string()) }),
  };
  const tensor: Fields = {
    1: (r) => {
      type = r.uint32();
    },
    2: (r) => readFields(r.bytes(), readShape),
  };
  readFields(bytes, {
    1: (r) => {
      name = r.string();
    },
    2: (r) => readFields(r.bytes(), { 1: (inner) => readFields(inner.bytes(), tensor) }),
  });
  return { name, type: storedType(type) as OnnxValue['type'], shape };
}
