export { withToken } from './access/with-token.js';
export { answerHeaders, type BodyStream, type HttpAnswer, textAnswer } from './http-answer.js';
export { HttpError } from './http-error.js';
export type { HttpRequest } from './http-request.js';
export {
  type DataFormat,
  type DifferenceQuery,
  jsonAnswer,
  type LivePage,
  type LiveSource,
  livePages,
} from './live-pages.js';
export { pprofPages } from './pprof-pages.js';
export { readAddresses } from './profile-query.js';
export type { ProfilePage, ProfileQuery, ProfileSource } from './profile-source.js';
export { SeriesRing } from './series-ring.js';
export {
  addressText,
  answerRequest,
  type HttpHandler,
  type HttpServer,
  type HttpServerOptions,
  type ListenAddress,
  startHttpServer,
} from './start-http-server.js';
