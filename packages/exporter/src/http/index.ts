export { type HttpAnswer, textAnswer } from './http-answer.js';
export { HttpError } from './http-error.js';
export type { HttpRequest } from './http-request.js';
export { addressText, type ListenAddress } from './listen-address.js';
export { type ProfilePage, type ProfileSource, pprofPages } from './pprof-pages.js';
export type { ProfileQuery } from './profile-query.js';
export { type HttpHandler, type HttpServer, startHttpServer } from './start-http-server.js';
