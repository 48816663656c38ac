// ListGroups v0-5: the groups that this broker coordinates. v4 filter by state, v5 by type. @thread mock
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';

export const listGroups: Handler<'ListGroups'> = (cx, request, answer) => {
  if (cx.error !== E.NONE) return answer({ errorCode: cx.error });
  const wanted = (filter: readonly string[], value: string): boolean =>
    filter.length === 0 || filter.some((one) => one.toLowerCase() === value.toLowerCase());
  const here = cx.cluster.groups.all().filter((g) => cx.cluster.checkCoordinator(cx.broker, g.id) === E.NONE);
  const groups = here
    .filter((group) => wanted(request.statesFilter, group.state) && wanted(request.typesFilter, group.type))
    .map((group) => ({
      groupId: group.id,
      protocolType: group.type === 'consumer' ? 'consumer' : (group.protocolType ?? ''),
      groupState: group.state,
      groupType: group.type,
    }));
  answer({ groups });
};
