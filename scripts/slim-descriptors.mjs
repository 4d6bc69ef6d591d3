/**
 * Envoy's messages refer to one another so widely that a sidecar which reads twenty files loads sixty, with thousands of
 * fields: at start-up their descriptors took half of the time and a third of the memory. So the bundle keeps the messages
 * that the sidecar's source can read or write. The others stay as empty shells, since generated code finds messages by
 * their place in the file, or go with their whole file; and a field whose message is one of those becomes opaque bytes. The
 * field keeps its name, number and presence, so that it is still refused by name when it is set. Options are dropped:
 * nothing reads them.
 *
 * Needed are the messages and enums that the source names, and from there whatever a field leads to that the source names
 * anywhere: the inside of a message cannot be read or written without naming the field that it stands in.
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
  const types = await generatedTypes(root);
  const kept = neededTypes(types, texts.join('\n'));
  const protos = new Set([...kept].map((name) => types.get(name).proto));
  return {
    name: 'slim-descriptors',
    setup(build) {
      build.onLoad({ filter: /\/api\/xds\/gen\/.*_pb\.js$/ }, async ({ path }) => ({
        contents: slimCode(await readFile(path, 'utf8'), protos, kept),
        loader: 'js',
      }));
    },
  };
}

/** Every message and enum by its full name: its file's name without `.proto`, its name in the generated code, its fields. */
async function generatedTypes(root) {
  const types = new Map();
  for await (const path of glob(`${GENERATED}/**/*_pb.js`, { cwd: root })) {
    const proto = path.slice(GENERATED.length + 1, -'_pb.js'.length);
    const file = descriptorIn(await readFile(join(root, path), 'utf8'));
    addTypes(types, proto, `.${file.package}`, '', file);
  }
  return types;
}

/** The types that stand in `parent`, a file or a message. */
function addTypes(types, proto, scope, prefix, parent) {
  const messages = parent.messageType ?? parent.nestedType;
  for (const { name } of parent.enumType) {
    types.set(`${scope}.${name}`, { proto, identifier: prefix + name, fields: [] });
  }
  for (const message of messages) {
    const identifier = prefix + message.name;
    types.set(`${scope}.${message.name}`, {
      proto,
      identifier,
      fields: message.field,
      isMap: isMap(message),
    });
    addTypes(types, proto, `${scope}.${message.name}`, `${identifier}_`, message);
  }
}

/** The names of those that the source names, and of those that the fields that it names lead to from there. */
function neededTypes(types, text) {
  const words = new Set(text.match(WORD));
  const isNamed = ({ identifier }) => words.has(identifier) || words.has(`${identifier}Schema`);
  const needed = new Set([...types].filter(([, type]) => isNamed(type)).map(([name]) => name));
  // Types that are added on the way are visited too: iteration over a Set sees them.
  for (const name of needed) {
    const { fields, isMap } = types.get(name);
    for (const field of fields) {
      const isRead = isMap || words.has(field.name) || words.has(camelCase(field.name));
      if (isRead && types.has(field.typeName)) needed.add(field.typeName);
    }
  }
  return needed;
}

function isMap(message) {
  return message.options?.mapEntry === true;
}

function camelCase(name) {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
}

function descriptorIn(code) {
  return fromBinary(FileDescriptorProtoSchema, Buffer.from(DESCRIPTOR.exec(code)[1], 'base64'));
}

function slimCode(code, protos, kept) {
  return code.replace(DESCRIPTOR, (_, __, imports = '') => {
    const file = descriptorIn(code);
    file.options = undefined;
    file.extension = [];
    slimTypes(file, `.${file.package}`, kept);
    const bytes = toBinary(FileDescriptorProtoSchema, file);
    return `fileDesc("${Buffer.from(bytes).toString('base64')}", [${neededImports(imports, protos)}])`;
  });
}

/** Of `file_envoy_config_core_v3_base, …` those that stay. */
function neededImports(imports, protos) {
  const names = new Set([...protos].map((proto) => `file_${proto.replaceAll('/', '_')}`));
  const all = imports.split(',').map((name) => name.trim());
  return all.filter((name) => names.has(name) || name.startsWith('file_google_protobuf_')).join(', ');
}

/** Slims the types that stand in `parent`, a file or a message. */
function slimTypes(parent, scope, kept) {
  for (const type of parent.enumType) slimEnum(type, kept.has(`${scope}.${type.name}`));
  for (const message of parent.messageType ?? parent.nestedType) {
    const name = `${scope}.${message.name}`;
    slimMessage(message, kept, kept.has(name));
    slimTypes(message, name, kept);
  }
}

function slimMessage(message, kept, isKept) {
  const inMap = isMap(message);
  message.options = inMap ? create(MessageOptionsSchema, { mapEntry: true }) : undefined;
  message.extension = [];
  message.reservedRange = [];
  message.reservedName = [];
  if (!isKept) {
    message.options = undefined;
    message.field = [];
    message.oneofDecl = [];
  }
  for (const field of message.field) slimField(field, kept, inMap);
  for (const oneof of message.oneofDecl) oneof.options = undefined;
}

/** Messages become bytes, which look the same on the wire, and enums become numbers. */
function slimField(field, kept, inMap) {
  field.options = undefined;
  if (field.typeName === '' || field.typeName.startsWith(GOOGLE) || kept.has(field.typeName)) return;
  field.typeName = '';
  if (field.type === Type.ENUM) {
    field.type = Type.INT32;
    return;
  }
  field.type = Type.BYTES;
  const inOneof = isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex);
  if (field.label !== Label.REPEATED && !inOneof && !inMap) field.proto3Optional = true;
}

/** The first value of an enum has to stay: it is what a field has that was not set. */
function slimEnum(type, isKept) {
  type.options = undefined;
  type.reservedRange = [];
  type.reservedName = [];
  if (!isKept) type.value = type.value.slice(0, 1);
  for (const value of type.value) value.options = undefined;
}
