import { loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType } from './generated/vernier.js';
import { packageFile } from './package-root.js';

/** The loaded contract: `vernierProto.Searches.service` for servers, `new vernierProto.Searches(...)` for clients. */
export const vernierProto = (
  loadPackageDefinition(
    // These options must agree with the ones build:proto generates the types by.
    loadSync(packageFile('proto/vernier.proto'), {
      longs: Number,
      enums: String,
      defaults: true,
      oneofs: true,
      keepCase: false,
    }),
  ) as unknown as ProtoGrpcType
).vernier.v1;
