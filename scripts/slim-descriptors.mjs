/**
 * Envoy's messages refer to one another so widely that a sidecar which reads twenty files loads sixty: at start-up
 * their descriptors took half of the time and a third of the memory. So the bundle leaves out the files that the
 * sidecar's source does not need, and a field whose message is defined in one of them becomes opaque bytes. The field
 * keeps its name, number and presence, so that it is still refused by name when it is set. Options are dropped:
 * nothing reads them.
 *
 * Needed is what the source imports, and from there whatever a field leads to that the source names anywhere: the
 * inside of a message cannot be read or written without naming the field that it stands in.
 */
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create, fromBinary, isFieldSet, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  MessageOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';

const GENERATED = 'api/xds/gen';
const IMPORT = /gen\/([\w/]+)_pb\.js['"]/g;
const WORD = /[A-Za-z_]\w*/g;
const DESCRIPTOR = /fileDesc\("([^"]*)"(?:, \[([^\]]*)\])?\)/;
/** Google's own types come with protobuf-es and are always there. */
const GOOGLE = '.google.protobuf.';

/**
 * An esbuild plugin that rewrites the generated files for what `sources` read of them.
 * @param {string} root the checkout
 * @param {readonly string[]} sources the house's own files that are bundled, from the root
 * @returns {Promise<import('esbuild').Plugin>}
 */
export async function slimDescriptors(root, sources) {
  const texts = await Promise.all(sources.map((source) => readFile(join(root, source), 'utf8')));
  const all = await generatedFiles(root);
  const needed = neededProtos(all, texts.join('\n'));
  const types = new Set([...needed].flatMap((proto) => [...all.get(proto).types.keys()]));
  return {
    name: 'slim-descriptors',
    setup(build) {
      build.onLoad({ filter: /\/api\/xds\/gen\/.*_pb\.js$/ }, async ({ path }) => ({
        contents: slimCode(await readFile(path, 'utf8'), needed, types),
        loader: 'js',
      }));
    },
  };
}

/** Every generated file, by its name without `.proto`: the types that it defines, with their fields. */
async function generatedFiles(root) {
  const files = new Map();
  for await (const path of glob(`${GENERATED}/**/*_pb.js`, { cwd: root })) {
    const proto = path.slice(GENERATED.length + 1, -'_pb.js'.length);
    const file = descriptorIn(await readFile(join(root, path), 'utf8'));
    const types = new Map(file.enumType.map(({ name }) => [`.${file.package}.${name}`, []]));
    for (const message of file.messageType) addTypes(message, `.${file.package}`, types);
    files.set(proto, { types });
  }
  return files;
}

function addTypes(message, scope, types) {
  const name = `${scope}.${message.name}`;
  types.set(name, message.field);
  for (const type of message.enumType) types.set(`${name}.${type.name}`, []);
  for (const nested of message.nestedType) addTypes(nested, name, types);
}

/** What the source imports, and what the fields that it names lead to from there. */
function neededProtos(files, text) {
  const words = new Set(text.match(WORD));
  const fileOf = new Map();
  for (const [proto, { types }] of files) for (const type of types.keys()) fileOf.set(type, proto);
  const needed = new Set([...text.matchAll(IMPORT)].map(([, proto]) => proto));
  // Files that are added on the way are visited too: iteration over a Set sees them.
  for (const proto of needed) {
    for (const field of [...files.get(proto).types.values()].flat()) {
      const to = fileOf.get(field.typeName);
      if (to !== undefined && (words.has(field.name) || words.has(camelCase(field.name)))) needed.add(to);
    }
  }
  return needed;
}

function camelCase(name) {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
}

function descriptorIn(code) {
  return fromBinary(FileDescriptorProtoSchema, Buffer.from(DESCRIPTOR.exec(code)[1], 'base64'));
}

function slimCode(code, needed, types) {
  return code.replace(DESCRIPTOR, (_, __, imports = '') => {
    const file = descriptorIn(code);
    file.options = undefined;
    file.extension = [];
    for (const message of file.messageType) slimMessage(message, types);
    for (const type of file.enumType) slimEnum(type);
    const bytes = toBinary(FileDescriptorProtoSchema, file);
    return `fileDesc("${Buffer.from(bytes).toString('base64')}", [${neededImports(imports, needed)}])`;
  });
}

/** Of `file_envoy_config_core_v3_base, …` those that stay. */
function neededImports(imports, needed) {
  const names = new Set([...needed].map((proto) => `file_${proto.replaceAll('/', '_')}`));
  const all = imports.split(',').map((name) => name.trim());
  return all.filter((name) => names.has(name) || name.startsWith('file_google_protobuf_')).join(', ');
}

function slimMessage(message, types) {
  const isMap = message.options?.mapEntry === true;
  message.options = isMap ? create(MessageOptionsSchema, { mapEntry: true }) : undefined;
  message.extension = [];
  for (const field of message.field) slimField(field, types, isMap);
  for (const oneof of message.oneofDecl) oneof.options = undefined;
  for (const nested of message.nestedType) slimMessage(nested, types);
  for (const type of message.enumType) slimEnum(type);
}

/** Messages become bytes, which look the same on the wire, and enums become numbers. */
function slimField(field, types, inMap) {
  field.options = undefined;
  if (field.typeName === '' || field.typeName.startsWith(GOOGLE) || types.has(field.typeName)) return;
  field.typeName = '';
  if (field.type === Type.ENUM) {
    field.type = Type.INT32;
    return;
  }
  field.type = Type.BYTES;
  const inOneof = isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex);
  if (field.label !== Label.REPEATED && !inOneof && !inMap) field.proto3Optional = true;
}

function slimEnum(type) {
  type.options = undefined;
  for (const value of type.value) value.options = undefined;
}
