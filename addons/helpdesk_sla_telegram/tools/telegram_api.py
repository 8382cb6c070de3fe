""" Calls to the Telegram Bot API. No ORM inside. """

import logging
import re
import time

import requests

DEFAULT_URL = 'https://api.telegram.org'
# what the Bot API documents
MAX_DOWNLOAD_SIZE = 20 * 1024 * 1024
MAX_UPLOAD_SIZE = 50 * 1024 * 1024
MAX_PHOTO_SIZE = 10 * 1024 * 1024
MAX_TEXT_SIZE = 4096
MAX_CAPTION_SIZE = 1024
MAX_ALBUM_SIZE = 10

READ_TIMEOUT = 20
UPLOAD_TIMEOUT = 120
DOWNLOAD_SECONDS = 60


class _HideToken(logging.Filter):
    """ Keep the token, which is part of every address, out of the log of the HTTP library. """

    _token = re.compile(r'/bot[^/\s"\']+')

    def filter(self, record):
        message = record.getMessage()
        if '/bot' in message:
            record.msg, record.args = self._token.sub('/bot***', message), ()
        return True


logging.getLogger('urllib3.connectionpool').addFilter(_HideToken())


class TelegramError(Exception):
    """ What Telegram refused, or that it could not be reached.

    :param str description: Telegram's own words; never holds the token
    :param int code: Telegram's error code, 0 when there was no answer
    :param int retry_after: seconds to wait, as Telegram asked for
    :param str migrate_to: the new identifier of a group that became a supergroup
    """

    def __init__(self, description, code=0, retry_after=0, migrate_to=None):
        super().__init__(description)
        self.description = description
        self.code = code
        self.retry_after = retry_after
        self.migrate_to = migrate_to

    @property
    def is_temporary(self):
        return self.code in (0, 409, 429) or self.code >= 500

    @property
    def is_unauthorized(self):
        """ Return whether the token is wrong or was revoked. """
        return self.code == 401 or (self.code == 404 and self.description == 'Not Found')

    @property
    def is_chat_gone(self):
        """ Return whether the bot was blocked or removed, or the chat deleted. """
        return self.code == 403 or (self.code == 400 and 'chat not found' in self.description)


class TelegramApi:
    """ One bot at one Bot API server.

    :param str base_url: address of the server, without the token
    :param str token: the bot's token
    """

    def __init__(self, base_url, token):
        self._base_url = base_url.rstrip('/')
        self._token = token

    def call(self, method, files=None, wait=READ_TIMEOUT, **params):
        """ Call a method and return its result.

        :param dict files: content of files to upload, as `requests` takes it
        :param wait: seconds to wait for the answer
        :raise TelegramError: if it is refused, or there is no answer
        """
        address = f'{self._base_url}/bot{self._token}/{method}'
        payload = {'data': params, 'files': files} if files else {'json': params}
        try:
            # a redirect would take the token to another server
            response = requests.post(
                address, timeout=wait, allow_redirects=False, **payload,
            )
        except requests.RequestException as error:
            # not `from error`: its text names the address, and the address the token
            raise TelegramError(f"No answer ({type(error).__name__})") from None
        return self._read_answer(response)

    @staticmethod
    def _read_answer(response):
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError(
                f"The answer is not from Telegram (HTTP {response.status_code})",
                code=response.status_code if response.status_code >= 500 else 0,
            )
        if answer.get('ok'):
            return answer.get('result')
        parameters = answer.get('parameters')
        parameters = parameters if isinstance(parameters, dict) else {}
        code = answer.get('error_code')
        migrate_to = parameters.get('migrate_to_chat_id')
        retry_after = parameters.get('retry_after')
        raise TelegramError(
            str(answer.get('description') or '')[:500],
            code=code if isinstance(code, int) else response.status_code,
            retry_after=min(retry_after, 86400) if isinstance(retry_after, int) else 0,
            migrate_to=str(migrate_to) if migrate_to else None,
        )

    def download(self, file_id, max_size=MAX_DOWNLOAD_SIZE):
        """ Return the content of a file that somebody sent.

        :raise TelegramError: if it cannot be had; code 413 when it is larger than allowed
        """
        result = self.call('getFile', file_id=file_id)
        path = result.get('file_path') if isinstance(result, dict) else None
        if not isinstance(path, str) or '..' in path.split('/'):
            raise TelegramError("Bad Request: file has no path", code=400)
        address = f'{self._base_url}/file/bot{self._token}/{path}'
        content, until = bytearray(), time.monotonic() + DOWNLOAD_SECONDS
        try:
            with requests.get(
                address, timeout=READ_TIMEOUT, allow_redirects=False, stream=True,
            ) as response:
                if response.status_code != 200:
                    raise TelegramError("The file cannot be read", code=response.status_code)
                for chunk in response.iter_content(64 * 1024):
                    content += chunk
                    if len(content) > max_size:
                        raise TelegramError("file is too big", code=413)
                    if time.monotonic() > until:
                        raise TelegramError("The file takes too long")
        except requests.RequestException as error:
            raise TelegramError(f"No answer ({type(error).__name__})") from None
        return bytes(content)
