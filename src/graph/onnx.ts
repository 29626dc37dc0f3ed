/**
 * The part of ONNX's file format that vultus writes and reads: the messages of onnx.proto (https://onnx.ai, IR version 10)
 * with their field numbers, over protobuf's wire format. Numbers in comments are field numbers.
 */
import protobuf from 'protobufjs/minimal.js';
import { ModelError } from '../errors.js';
import type { Attribute, DataType, Values } from './tensor.js';

/** IR version and operator set of every file written. */
export const irVersion = 10;
export const opset = 21;

/** What a file can hold: a graph's types, and bytes, as which a quantised network keeps its weights. */
export type StoredType = DataType | 'int8' | 'uint8';

/** TensorProto.DataType */
export const dataTypes: Readonly<Record<StoredType, number>> = {
  ...{ float32: 1, uint8: 2, int8: 3 },
  ...{ int32: 6, int64: 7, bool: 9 },
};

export interface OnnxNode {
  name: string;
  /** Of the default domain, or `domain:Type`. */
  type: string;
  /** Names of values; empty for an optional input left out. */
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, Attribute>>;
}

export interface OnnxValue {
  name: string;
  type: DataType;
  /** A string names a free dimension. */
  shape: readonly (number | string)[];
}

export interface OnnxInitializer {
  name: string;
  type: StoredType;
  shape: readonly number[];
  /** A function is asked once, when its place in the file has come, and its answer is copied: it may use one array again and again. */
  values: Values | (() => Values);
}

export interface OnnxModel {
  name: string;
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxInitializer[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  /** metadata_props */
  metadata: Readonly<Record<string, string>>;
}

type Writer = protobuf.Writer;

/** Tag of a field; wire types: 0 varint, 2 length-delimited, 5 fixed 32 bits. */
const tag = (field: number, wire: 0 | 2 | 5) => (field << 3) | wire;

function message(w: Writer, field: number, body: (w: Writer) => void): void {
  w.uint32(tag(field, 2)).fork();
  body(w);
  w.ldelim();
}

function text(w: Writer, field: number, value: string): void {
  w.uint32(tag(field, 2)).string(value);
}

function integer(w: Writer, field: number, value: number): void {
  w.uint32(tag(field, 0)).int64(value);
}

/**
 * ModelProto. Put together once from its parts: weights are copied once, which is what a writer that grows does several times.
 * `allocate` gives the memory of the file.
 */
export function writeOnnx(
  model: OnnxModel,
  allocate = (length: number) => new Uint8Array(length),
): Uint8Array<ArrayBuffer> {
  const end = protobuf.Writer.create();
  message(end, 8, (set) => integer(set, 2, opset)); // opset_import { version } of the default domain
  const domains = new Set(model.nodes.flatMap(({ type }) => (type.includes(':') ? [type.split(':')[0]!] : [])));
  for (const domain of domains) {
    message(end, 8, (set) => {
      text(set, 1, domain);
      integer(set, 2, 1);
    });
  }
  writeMetadata(end, model.metadata);
  const begin = protobuf.Writer.create();
  integer(begin, 1, irVersion); // ir_version
  text(begin, 2, 'vultus'); // producer_name
  return joined([begin.finish(), ...delimited(7, graphParts(model)), end.finish()], allocate);
}

/** Bytes of the file, or so many that are asked for when their place has come. */
type Part = Uint8Array | { length: number; bytes(): Uint8Array };

/** A message whose body comes in parts. */
function delimited(field: number, parts: readonly Part[]): Part[] {
  const head = protobuf.Writer.create();
  head.uint32(tag(field, 2)).uint32(lengthOf(parts));
  return [head.finish(), ...parts];
}

const lengthOf = (parts: readonly Part[]) => parts.reduce((sum, part) => sum + part.length, 0);

function joined(
  parts: readonly Part[],
  allocate: (length: number) => Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const bytes = allocate(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part instanceof Uint8Array ? part : part.bytes(), at);
    at += part.length;
  }
  return bytes;
}

/** GraphProto */
function graphParts(model: OnnxModel): Part[] {
  const begin = protobuf.Writer.create();
  for (const node of model.nodes) message(begin, 1, (body) => writeNode(body, node));
  text(begin, 2, model.name);
  const end = protobuf.Writer.create();
  for (const value of model.inputs) message(end, 11, (body) => writeValue(body, value));
  for (const value of model.outputs) message(end, 12, (body) => writeValue(body, value));
  const tensors = model.initializers.flatMap((initializer) => delimited(5, tensorParts(initializer)));
  return [begin.finish(), ...tensors, end.finish()];
}

/** NodeProto */
function writeNode(w: Writer, node: OnnxNode): void {
  for (const name of node.inputs) text(w, 1, name);
  for (const name of node.outputs) text(w, 2, name);
  text(w, 3, node.name.replace(':', '.'));
  const [domain, type] = node.type.includes(':') ? node.type.split(':') : ['', node.type];
  text(w, 4, type!);
  for (const [name, value] of Object.entries(node.attributes))
    message(w, 5, (body) => writeAttribute(body, name, value));
  if (domain) text(w, 7, domain); // domain
}

/** AttributeProto; 20 is its type: FLOAT 1, INT 2, STRING 3, INTS 7 */
function writeAttribute(w: Writer, name: string, value: Attribute): void {
  text(w, 1, name);
  if ('float' in value) {
    w.uint32(tag(2, 5)).float(value.float);
    integer(w, 20, 1);
  } else if ('int' in value) {
    integer(w, 3, value.int);
    integer(w, 20, 2);
  } else if ('string' in value) {
    text(w, 4, value.string);
    integer(w, 20, 3);
  } else {
    for (const each of value.ints) integer(w, 8, each);
    integer(w, 20, 7);
  }
}

/** Bytes of a value of a tensor. */
const valueBytes: Readonly<Record<StoredType, number>> = { float32: 4, uint8: 1, int8: 1, int32: 4, int64: 8, bool: 1 };

/** TensorProto with raw_data, which is little-endian as is every machine that runs this. */
function tensorParts({ name, type, shape, values }: OnnxInitializer): Part[] {
  const length = shape.reduce((a, b) => a * b, valueBytes[type]);
  const bytes = (of: Values) => {
    if (of.byteLength !== length) throw new ModelError(`${name}: ${of.byteLength} bytes for [${shape}] of ${type}`);
    return new Uint8Array(of.buffer, of.byteOffset, of.byteLength);
  };
  const head = protobuf.Writer.create();
  for (const size of shape) integer(head, 1, size); // dims
  integer(head, 2, dataTypes[type]); // data_type
  text(head, 8, name);
  head.uint32(tag(9, 2)).uint32(length); // raw_data
  return [head.finish(), typeof values === 'function' ? { length, bytes: () => bytes(values()) } : bytes(values)];
}

/** ValueInfoProto { name 1, type 2: TypeProto { tensor_type 1: { elem_type 1, shape 2: { dim 1: { dim_value 1 | dim_param 2 } } } } } */
function writeValue(w: Writer, { name, type, shape }: OnnxValue): void {
  text(w, 1, name);
  message(w, 2, (typeProto) =>
    message(typeProto, 1, (tensor) => {
      integer(tensor, 1, dataTypes[type]);
      message(tensor, 2, (shapeProto) => {
        for (const size of shape) {
          message(shapeProto, 1, (dim) => (typeof size === 'string' ? text(dim, 2, size) : integer(dim, 1, size)));
        }
      });
    }),
  );
}

/** The ONNX file with these `metadata_props` in the place of its own. Throws ModelError where the bytes are no protobuf. */
export function replaceOnnxMetadata(bytes: Uint8Array, metadata: Readonly<Record<string, string>>): Uint8Array {
  const w = protobuf.Writer.create();
  const r = protobuf.Reader.create(bytes);
  const parts: Uint8Array[] = [];
  try {
    while (r.pos < r.len) {
      const from = r.pos;
      const field = r.uint32();
      r.skipType(field & 7);
      if (field !== tag(14, 2)) parts.push(bytes.subarray(from, r.pos));
    }
  } catch (cause) {
    throw new ModelError('not an ONNX file: its protobuf cannot be read', { cause });
  }
  writeMetadata(w, metadata);
  parts.push(w.finish());
  return joined(parts, (length) => new Uint8Array(length));
}

/** metadata_props: StringStringEntryProto */
function writeMetadata(w: Writer, metadata: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    message(w, 14, (entry) => {
      text(entry, 1, key);
      text(entry, 2, value);
    });
  }
}
