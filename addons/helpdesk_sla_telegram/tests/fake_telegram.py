""" A server on this machine that behaves as the Telegram Bot API documents.

Only what the addon uses, but of that also what goes wrong: wrong tokens, blocked bots, limits of
size and speed, groups that migrate. `write` and its like are what people do in their Telegram.
"""

import json
import re
import threading
from email import message_from_bytes
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import urlsplit

BOT_ID = 7000000001
BOT = {'id': BOT_ID, 'is_bot': True, 'first_name': "Support", 'username': 'acme_support_bot'}
MAX_DOWNLOAD_SIZE = 20 * 1024 * 1024
ALLOWED_TAGS = {
    'b', 'strong', 'i', 'em', 'u', 'ins', 's', 'strike', 'del', 'a', 'code', 'pre', 'blockquote',
}


class ApiError(Exception):
    def __init__(self, code, description, **parameters):
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class _Entities(HTMLParser):
    """ Read a text as `parse_mode` HTML; refuse what Telegram refuses. """

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.text, self._open = '', []
        if re.search(r'<(?!/?[a-z])', text):
            raise ApiError(400, "Bad Request: can't parse entities: unescaped <")
        self.feed(text)
        self.close()
        if self._open:
            raise ApiError(400, "Bad Request: can't parse entities: Can't find end tag")

    def handle_starttag(self, tag, attrs):
        if tag not in ALLOWED_TAGS:
            raise ApiError(
                400, f"Bad Request: can't parse entities: Unsupported start tag \"{tag}\"",
            )
        self._open.append(tag)

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            raise ApiError(400, "Bad Request: can't parse entities: Unexpected end tag")

    def handle_data(self, data):
        self.text += data


class FakeTelegram:
    """ One bot, the people who write to it, and what they see of it.

    - `sent`: what the bot sent that arrived: dicts as the Message of the Bot API, with `files`
    - `calls`: names and parameters of all calls, also of those that were refused
    - `fail(method, error, times)`: answer the next calls of a method with an error
    """

    def __init__(self, token):
        self.token = token
        self.calls, self.sent, self.updates, self.files = [], [], [], {}
        self.webhook, self.offset = None, 0
        self.blocked, self.known = set(), set()
        self._failures = {}
        self._update_ids, self._message_ids = count(1000), count(10)
        self._file_ids = count(1)
        self._new_update = threading.Condition()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                fake._handle(self)

            do_POST = do_GET

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self._server.daemon_threads = True
        self.url = f'http://127.0.0.1:{self._server.server_port}'
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fail(self, method, error, times=1):
        self._failures.setdefault(method, []).extend([error] * times)

    # === WHAT PEOPLE DO === #

    def person(self, number, name="Ann", **values):
        return {'id': number, 'is_bot': False, 'first_name': name, **values}

    def write(self, person, text=None, group=None, reply_to=None, **values):
        """ Have a person write to the bot, or into a group; return the update. """
        chat = {'id': person['id'], 'type': 'private', 'first_name': person['first_name']}
        if group:
            chat = {'id': group, 'type': 'supergroup', 'title': "Client's group"}
        self.known.add(chat['id'])
        message = {
            'message_id': next(self._message_ids), 'date': 1772440000, 'from': person,
            'chat': chat, **values,
        }
        if text is not None:
            message['text'] = text
            self._add_entities(message, text)
        if reply_to:
            message['reply_to_message'] = {
                'message_id': reply_to['message_id'], 'chat': chat, 'date': 1772440000,
                'from': reply_to.get('from', BOT),
            }
        return self._push({'message': message})

    def edit(self, update, text):
        message = {**update['message'], 'text': text, 'edit_date': 1772440100}
        return self._push({'edited_message': message})

    def block(self, person):
        self.blocked.add(person['id'])
        return self._push({'my_chat_member': {
            'chat': {'id': person['id'], 'type': 'private'}, 'from': person, 'date': 1772440000,
            'old_chat_member': {'user': BOT, 'status': 'member'},
            'new_chat_member': {'user': BOT, 'status': 'kicked', 'until_date': 0},
        }})

    def upload(self, content, size=None):
        """ Return the `file_id` and size of a file that somebody sends. """
        number = next(self._file_ids)
        self.files[f'FILE{number}'] = (f'documents/file_{number}', content)
        return {
            'file_id': f'FILE{number}', 'file_unique_id': f'U{number}',
            'file_size': len(content) if size is None else size,
        }

    @staticmethod
    def _add_entities(message, text):
        message['entities'] = [
            {'type': kind, 'offset': match.start(), 'length': len(match[0])}
            for kind, pattern in (
                ('bot_command', r'^/\w+(@\w+)?'), ('mention', r'(?<!\S)@\w+'),
            )
            for match in re.finditer(pattern, text)
        ]

    def _push(self, values):
        update = {'update_id': next(self._update_ids), **values}
        with self._new_update:
            self.updates.append(update)
            self._new_update.notify_all()
        return update

    def texts(self, chat_id=None):
        """ Return what the bot wrote, as people read it. """
        return [
            message.get('text') or message.get('caption') or '' for message in self.sent
            if chat_id in (None, message['chat']['id'])
        ]

    # === WHAT THE SERVER ANSWERS === #

    def _handle(self, handler):
        length = int(handler.headers.get('Content-Length') or 0)
        body = handler.rfile.read(length)
        path = urlsplit(handler.path).path
        match = re.fullmatch(r'/file/bot([^/]+)/(.+)', path)
        if match:
            content = dict(self.files.values()).get(match[2])
            is_found = match[1] == self.token and content is not None
            self._respond(handler, 200 if is_found else 404, content or b'', 'application/binary')
            return
        match = re.fullmatch(r'/bot([^/]+)/(\w+)', path)
        try:
            if not match:
                raise ApiError(404, "Not Found")
            if match[1] != self.token:
                raise ApiError(401, "Unauthorized")
            params, files = self._read_params(handler.headers.get('Content-Type', ''), body)
            answer = {'ok': True, 'result': self._call(match[2], params, files)}
            status = 200
        except ApiError as error:
            status = error.code
            answer = {'ok': False, 'error_code': error.code, 'description': error.description}
            if error.parameters:
                answer['parameters'] = error.parameters
        self._respond(handler, status, json.dumps(answer).encode(), 'application/json')

    @staticmethod
    def _respond(handler, status, content, content_type):
        handler.send_response(status)
        handler.send_header('Content-Type', content_type)
        handler.send_header('Content-Length', str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    @staticmethod
    def _read_params(content_type, body):
        if content_type.startswith('multipart/form-data'):
            form = message_from_bytes(b'Content-Type: %s\r\n\r\n%s' % (content_type.encode(), body))
            params, files = {}, {}
            for part in form.get_payload():
                name = part.get_param('name', header='content-disposition')
                content = part.get_payload(decode=True)
                if part.get_filename() is not None:
                    files[name] = (part.get_filename(), content)
                else:
                    params[name] = content.decode()
            for name in ('reply_parameters', 'media'):
                if name in params:
                    params[name] = json.loads(params[name])
            return params, files
        return json.loads(body or b'{}'), {}

    def _call(self, method, params, files):
        self.calls.append((method, params))
        failures = self._failures.get(method)
        if failures:
            failure = failures.pop(0)
            if failure:
                raise failure
        handler = getattr(self, f'_do_{method}', None)
        if not handler:
            raise ApiError(404, "Not Found")
        return handler(params, files)

    def _do_getMe(self, params, files):
        return BOT

    def _do_setMyCommands(self, params, files):
        for command in params['commands']:
            if not re.fullmatch('[a-z0-9_]{1,32}', command['command']):
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        return True

    def _do_setWebhook(self, params, files):
        if not re.match('https?://', params['url']):
            raise ApiError(400, "Bad Request: bad webhook: invalid webhook URL specified")
        if not re.fullmatch('[A-Za-z0-9_-]{1,256}', params.get('secret_token', '')):
            raise ApiError(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = params
        return True

    def _do_deleteWebhook(self, params, files):
        self.webhook = None
        return True

    def _do_getUpdates(self, params, files):
        if self.webhook:
            raise ApiError(
                409, "Conflict: can't use getUpdates method while webhook is active; use "
                "deleteWebhook to delete the webhook first",
            )
        with self._new_update:
            offset = params.get('offset', 0)
            # what is before the offset is confirmed, and forgotten
            self.updates = [update for update in self.updates if update['update_id'] >= offset]
            if not self.updates and params.get('timeout'):
                self._new_update.wait(params['timeout'])
            return self.updates[:params.get('limit', 100)]

    def _do_getFile(self, params, files):
        if params['file_id'] not in self.files:
            raise ApiError(
                400, "Bad Request: wrong file_id or the file is temporarily unavailable",
            )
        path, content = self.files[params['file_id']]
        if len(content) > MAX_DOWNLOAD_SIZE:
            raise ApiError(400, "Bad Request: file is too big")
        return {'file_id': params['file_id'], 'file_size': len(content), 'file_path': path}

    def _do_sendMessage(self, params, files):
        text = self._parse(params, 'text', 4096, "message is too long")
        if not text.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        return self._send(params, text=text)

    def _do_sendPhoto(self, params, files):
        if not files['photo'][1].startswith((b'\x89PNG', b'\xff\xd8')):
            raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
        return self._send_file(params, files)

    def _do_sendDocument(self, params, files):
        if not files['document'][1]:
            raise ApiError(400, "Bad Request: file must be non-empty")
        return self._send_file(params, files)

    def _do_sendMediaGroup(self, params, files):
        media = params['media']
        if not 2 <= len(media) <= 10:
            raise ApiError(400, "Bad Request: wrong number of media")
        chosen = [files[item['media'].removeprefix('attach://')] for item in media]
        for _name, content in chosen:
            if not content.startswith((b'\x89PNG', b'\xff\xd8')):
                raise ApiError(400, "Bad Request: IMAGE_PROCESS_FAILED")
        return [self._send(params, files=[file]) for file in chosen]

    def _send_file(self, params, files):
        caption = self._parse(params, 'caption', 1024, "message caption is too long")
        return self._send(params, caption=caption, files=list(files.values()))

    @staticmethod
    def _parse(params, key, limit, problem):
        text = params.get(key) or ''
        if params.get('parse_mode') == 'HTML':
            text = _Entities(text).text
        if len(text.encode('utf-16-le')) // 2 > limit:
            raise ApiError(400, f"Bad Request: {problem}")
        return text

    def _send(self, params, **values):
        chat_id = int(params['chat_id'])
        if chat_id in self.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat_id not in self.known:
            raise ApiError(400, "Bad Request: chat not found")
        message = {
            'message_id': next(self._message_ids), 'date': 1772440000, 'from': BOT,
            'chat': {'id': chat_id}, **values,
        }
        if params.get('reply_parameters'):
            message['reply_to'] = params['reply_parameters']['message_id']
        self.sent.append(message)
        return {key: value for key, value in message.items() if key not in ('files', 'reply_to')}
