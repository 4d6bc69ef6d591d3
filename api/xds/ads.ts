import {
  type DescMessage,
  fromBinary,
  type GenMessage,
  type Message,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
