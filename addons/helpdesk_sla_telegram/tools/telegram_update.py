""" From an update of the Bot API to what the helpdesk takes in. No ORM inside.

Whatever arrives: the answer is a dict of clean values that the database can store, or None for
what is not for us. Nothing is believed of its shape.
"""

import re

MAX_TEXT = 20000
MAX_NAME = 200
COMMAND = re.compile(r'/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?', re.DOTALL)
FILE_KINDS = {
    # key: (name, extension, type of the content)
    'animation': ('animation', 'mp4', 'video/mp4'),
    'document': ('file', 'bin', 'application/octet-stream'),
    'voice': ('voice', 'ogg', 'audio/ogg'),
    'audio': ('audio', 'mp3', 'audio/mpeg'),
    'video': ('video', 'mp4', 'video/mp4'),
    'video_note': ('video', 'mp4', 'video/mp4'),
}
UNSUPPORTED = ('poll', 'dice', 'game', 'story', 'paid_media', 'invoice', 'checklist')


def _dict(value):
    return value if isinstance(value, dict) else {}


def _list(value):
    return value if isinstance(value, list) else []


def _id(value):
    """ Return an identifier as text, or None: Telegram's have more digits than a column. """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2 ** 63:
        return str(value)
    return None


def _size(value):
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def clean(value, size):
    """ Return a text that PostgreSQL stores. """
    if not isinstance(value, str):
        return ''
    return value[:size].replace('\0', '').encode(errors='replace').decode()


def _line(value, size=MAX_NAME):
    return ' '.join(clean(value, size).split())


def get_update_id(update):
    """ Return the number of an update, whatever else is in it, or None. """
    return _id(_dict(update).get('update_id'))


def parse_update(update):
    """ Return an update as a flat dict, or None when there is nothing in it for us.

    :param update: what the JSON held
    :rtype: dict | None
    """
    update = _dict(update)
    update_id = get_update_id(update)
    if update_id is None or update_id.startswith('-'):
        return None
    if isinstance(update.get('message'), dict):
        values = _parse_message(update['message'], 'message')
    elif isinstance(update.get('edited_message'), dict):
        values = _parse_message(update['edited_message'], 'edited')
    elif isinstance(update.get('my_chat_member'), dict):
        values = _parse_member(update['my_chat_member'])
    else:
        return None
    return values and {'update_id': update_id, **values}


def _parse_chat(chat):
    chat = _dict(chat)
    chat_id = _id(chat.get('id'))
    kind = {'private': 'private', 'group': 'group', 'supergroup': 'group'}.get(
        chat.get('type') if isinstance(chat.get('type'), str) else None,
    )
    if not chat_id or not kind:
        return None
    return {'chat_id': chat_id, 'chat_type': kind, 'chat_title': _line(chat.get('title'))}


def _parse_sender(message, chat):
    sender, group = _dict(message.get('from')), _dict(message.get('sender_chat'))
    if group and _id(group.get('id')) == chat['chat_id']:
        # an administrator of the group who writes in its name
        return {
            'sender_id': chat['chat_id'], 'username': '',
            'sender_name': _line(message.get('author_signature')) or chat['chat_title'],
        }
    sender_id = _id(sender.get('id'))
    if not sender_id or sender.get('is_bot') or group:
        return None
    name = _line(f"{_line(sender.get('first_name'))} {_line(sender.get('last_name'))}")
    username = _line(sender.get('username'), 64)
    return {
        'sender_id': sender_id, 'username': username,
        'sender_name': name or username or sender_id,
    }


def _parse_member(change):
    """ Return that the bot was blocked, or removed from a group. """
    chat = _parse_chat(change.get('chat'))
    status = _dict(change.get('new_chat_member')).get('status')
    if not chat or status not in ('kicked', 'left'):
        return None
    return {'kind': 'left', **chat}


def _parse_message(message, kind):
    chat = _parse_chat(message.get('chat'))
    message_id = _id(message.get('message_id'))
    if not chat or not message_id:
        return None
    migrate_to = _id(message.get('migrate_to_chat_id'))
    if migrate_to:
        return {'kind': 'migrated', **chat, 'migrate_to': migrate_to}
    sender = _parse_sender(message, chat)
    if not sender:
        return None
    key = 'text' if isinstance(message.get('text'), str) else 'caption'
    text, mentions = _parse_text(
        message.get(key), _list(message.get('entities' if key == 'text' else 'caption_entities')),
    )
    text = text or _describe(message)
    files = _parse_files(message, message_id)
    unsupported = next((name for name in UNSUPPORTED if name in message), '')
    if not text and not files and not unsupported:
        return None
    reply = _dict(message.get('reply_to_message'))
    command = COMMAND.fullmatch(text)
    return {
        'kind': kind,
        **chat,
        **sender,
        'message_id': message_id,
        'text': text,
        'mentions': mentions,
        'command': command[1].lower() if command else '',
        'command_bot': (command[2] or '').lower() if command else '',
        'argument': (command[3] or '').strip() if command else '',
        'files': files,
        'unsupported': unsupported,
        'album': _line(message.get('media_group_id'), 64),
        'reply_to': _id(reply.get('message_id')) or '',
        'reply_to_sender': _id(_dict(reply.get('from')).get('id')) or '',
    }


def _parse_text(text, entities):
    """ Return the text with the addresses that it hides, and the names that it mentions.

    :rtype: tuple[str, list[str]]
    """
    if not isinstance(text, str):
        return '', []
    text = text[:MAX_TEXT]
    # the offsets count in UTF-16
    units = text.encode('utf-16-le', 'surrogatepass')
    mentions, inserts = [], []
    for entity in entities[:200]:
        entity = _dict(entity)
        offset, length = entity.get('offset'), entity.get('length')
        if not _id(offset) or not _id(length) or offset < 0 or length <= 0:
            continue
        word = units[offset * 2:(offset + length) * 2].decode('utf-16-le', 'replace')
        if entity.get('type') == 'mention':
            mentions.append(clean(word, 64).lstrip('@').lower())
        elif entity.get('type') == 'text_link' and isinstance(entity.get('url'), str):
            inserts.append(((offset + length) * 2, f" ({clean(entity['url'], 1000)})"))
    for position, link in sorted(inserts, reverse=True):
        units = units[:position] + link.encode('utf-16-le') + units[position:]
    return clean(units.decode('utf-16-le', 'replace'), MAX_TEXT * 2).strip(), mentions


def _describe(message):
    """ Return what is neither text nor file, in words. """
    contact, venue = _dict(message.get('contact')), _dict(message.get('venue'))
    if contact:
        return ' '.join(filter(None, (
            _line(contact.get('first_name')), _line(contact.get('last_name')),
            _line(contact.get('phone_number'), 64),
        )))
    location = _dict(venue.get('location')) or _dict(message.get('location'))
    position = [location.get('latitude'), location.get('longitude')]
    if all(isinstance(value, int | float) and abs(value) <= 180 for value in position):
        return ' '.join(filter(None, (
            _line(venue.get('title')), _line(venue.get('address')),
            'https://www.openstreetmap.org/?mlat=%s&mlon=%s' % tuple(position),
        )))
    return _line(_dict(message.get('sticker')).get('emoji'), 16)


def _parse_files(message, message_id):
    photos = [
        photo for photo in map(_dict, _list(message.get('photo'))[:20])
        if isinstance(photo.get('file_id'), str)
    ]
    if photos:
        largest = max(photos, key=lambda photo: (
            _size(photo.get('width')) * _size(photo.get('height')), _size(photo.get('file_size')),
        ))
        return [_prepare_file(largest, f'photo_{message_id}.jpg', 'image/jpeg')]
    for key, (name, extension, mimetype) in FILE_KINDS.items():
        file = _dict(message.get(key))
        if isinstance(file.get('file_id'), str):
            return [_prepare_file(file, f'{name}_{message_id}.{extension}', mimetype)]
    return []


def _prepare_file(file, name, mimetype):
    # a name, not a path
    own_name = re.split(r'[/\\]', _line(file.get('file_name')))[-1].strip('. ')
    return {
        'file_id': clean(file['file_id'], 500),
        'name': own_name or name,
        'mimetype': _line(file.get('mime_type'), 100) or mimetype,
        'size': _size(file.get('file_size')),
    }
