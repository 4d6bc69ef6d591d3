import { describe, expect, it } from 'vitest';
import { parseResourcePath } from './resource-path.ts';

describe('a path names', () => {
  it.each([
    ['/api/v1/pods', 'Pod', 'v1', undefined, undefined, undefined],
    ['/api/v1/namespaces/a/pods', 'Pod', 'v1', 'a', undefined, undefined],
    ['/api/v1/namespaces/a/pods/p', 'Pod', 'v1', 'a', 'p', undefined],
    ['/api/v1/namespaces/a/pods/p/log', 'Pod', 'v1', 'a', 'p', 'log'],
    ['/api/v1/namespaces', 'Namespace', 'v1', undefined, undefined, undefined],
    ['/api/v1/namespaces/a', 'Namespace', 'v1', undefined, 'a', undefined],
    ['/api/v1/namespaces/a/status', 'Namespace', 'v1', undefined, 'a', 'status'],
    ['/api/v1/nodes/n', 'Node', 'v1', undefined, 'n', undefined],
    ['/apis/apps/v1/namespaces/a/deployments/d/scale', 'Deployment', 'apps/v1', 'a', 'd', 'scale'],
    [
      '/apis/networking.istio.io/v1alpha3/virtualservices',
      'VirtualService',
      'networking.istio.io/v1alpha3',
      undefined,
      undefined,
      undefined,
    ],
  ])('%s', (path, kind, apiVersion, namespace, name, subresource) => {
    const parsed = parseResourcePath(path);
    expect({ ...parsed, kind: parsed?.kind.kind }).toEqual({
      kind,
      apiVersion,
      namespace,
      name,
      subresource,
    });
  });

  it.each([
    '/',
    '/api',
    '/api/v1',
    '/api/v2/pods',
    '/api/v1/widgets',
    '/api/v1/pods/p',
    '/api/v1/namespaces/a/nodes',
    '/api/v1/namespaces/a/pods/p/log/more',
    '/api/v1/namespaces//pods',
    '/api/v1/namespaces/a%2Fb/pods',
    '/api/v1/namespaces/%ff/pods',
    '/apis/apps/v1beta1/deployments',
    '/apis/core/v1/pods',
    `/api/v1/namespaces/${'a'.repeat(300)}/pods`,
  ])('nothing: %s', (path) => {
    expect(parseResourcePath(path)).toBeUndefined();
  });
});
