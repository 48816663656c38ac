// DeleteTopics v0-6, taken by any broker; v6 also by id. Offsets committed for them go too. @thread mock
import { ZERO_UUID } from '../../protocol/reader.ts';
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';

export const deleteTopics: Handler<'DeleteTopics'> = (cx, request, answer) => {
  const { cluster, version } = cx;
  const asked = version >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
  const responses = asked.map(({ name, topicId }) => {
    if (cx.error !== E.NONE) return { name, topicId, errorCode: cx.error };
    const topic = name === null ? cluster.topics.byId(topicId) : cluster.topics.get(name);
    if (topic === undefined) {
      return { name, topicId, errorCode: name === null ? E.UNKNOWN_TOPIC_ID : E.UNKNOWN_TOPIC_OR_PARTITION };
    }
    cluster.deleteTopic(topic.name);
    return { name: topic.name, topicId: topic.id, errorCode: E.NONE };
  });
  answer({ responses });
};
