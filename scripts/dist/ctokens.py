# SPDX-License-Identifier: MIT
"""C files as tokens, as far as joining them needs: which names a file keeps to itself, and a copy
of its text in which some of them are called otherwise. Leans on the style that our sources have:
no K&R definitions, no digraphs, no #if inside a declaration, no macro that opens a brace and leaves
it to another to close."""

import re

TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
      | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')
      | (?P<directive>^[ \t]*\#[ \t]*[a-z]+)
      | (?P<word>[A-Za-z_]\w*)
      | (?P<number>\.?\d(?:[eEpP][+-]|[\w.])*)
      | (?P<newline>\n)
      | (?P<splice>\\\n)
      | (?P<blank>[ \t]+)
      | (?P<arrow>->)
      | (?P<mark>\#\#|.)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE)
SILENT = ("comment", "blank", "newline", "splice")
KEYWORDS = ("struct", "union", "enum", "static", "typedef", "const", "volatile", "_Alignas",
            "_Static_assert", "sizeof")


def tokens(text):
    """[kind, spelling, is_directive] of all of a text, so that the spellings joined are the text."""
    out = []
    inside = False
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "directive":
            inside = True
        elif kind == "newline":
            inside = False
        out.append([kind, match.group(0), inside])
    return out


def words(text):
    """All identifiers of a text, comments and literals left out."""
    return {token[1] for token in tokens(text) if token[0] == "word"}


def macros(text):
    """Names that the text defines for the preprocessor, in order."""
    return re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", text, re.MULTILINE)


def declarations(text):
    """Each declaration or definition at file scope as a list of (spelling, depth of braces), bodies
    of functions left out."""
    current = []
    depth = 0
    is_body = False
    for kind, spelling, is_directive in tokens(text):
        if kind == "directive" and depth == 0 and current:
            # What stands before is a macro that makes declarations and has no semicolon.
            current = []
        if is_directive or kind in SILENT:
            continue
        if spelling == "{":
            if depth == 0:
                head = without_attributes(current)
                is_body = bool(head) and head[-1][0] == ")"
            depth += 1
            current.append((spelling, depth))
        elif spelling == "}":
            current.append((spelling, depth))
            depth -= 1
            if depth == 0 and is_body:
                yield current
                current = []
                is_body = False
        elif spelling == ";" and depth == 0:
            current.append((spelling, 0))
            yield current
            current = []
        elif not (is_body and depth):
            current.append((spelling, depth))
    if current:
        yield current


def without_attributes(declaration):
    kept = []
    parens = 0
    is_attribute = False
    for spelling, depth in declaration:
        if spelling == "__attribute__":
            is_attribute = True
        elif not is_attribute:
            kept.append((spelling, depth))
        else:
            parens += {"(": 1, ")": -1}.get(spelling, 0)
            is_attribute = parens > 0
    return kept


def is_word(spelling):
    return re.fullmatch(r"[A-Za-z_]\w*", spelling) is not None


def outer(declaration):
    """The declaration without what its braces hold."""
    return [spelling for spelling, depth in declaration if depth == 0]


def tags_and_constants(declaration):
    """Tags that the declaration gives a body, and the constants of its enums."""
    names = []
    spellings = [spelling for spelling, _ in declaration]
    for at, spelling in enumerate(spellings):
        if spelling not in ("struct", "union", "enum"):
            continue
        opened = at + 1
        if opened < len(spellings) and is_word(spellings[opened]):
            opened += 1
        if opened >= len(spellings) or spellings[opened] != "{":
            continue
        if opened == at + 2:
            names.append(spellings[at + 1])
        if spelling == "enum":
            names += enumerators(declaration, opened)
    return names


def enumerators(declaration, opened):
    names = []
    depth = declaration[opened][1]
    parens = 0
    is_name = True
    for place, (spelling, at) in enumerate(declaration[opened + 1:], opened + 1):
        if spelling == "}" and at == depth:
            break
        if spelling in ("(", ")"):
            parens += 1 if spelling == "(" else -1
        elif parens:
            continue
        elif spelling == ",":
            is_name = True
        elif is_name and is_word(spelling):
            # MACRO(X) makes constants whose names we do not see; they are never ours alone.
            if declaration[place + 1][0] != "(":
                names.append(spelling)
            is_name = False
    return names


def declarators(spellings):
    """The names that a declaration at file scope declares; for typedefs and statics."""
    names = []
    parens = brackets = 0
    candidate = None
    settled = False
    for at, spelling in enumerate(spellings):
        following = spellings[at + 1] if at + 1 < len(spellings) else ""
        if spelling == "(":
            parens += 1
            # static void (*name)(...): the name stands behind the star.
            if not settled and parens == 1 and following == "*":
                candidate = next(s for s in spellings[at + 2:] if is_word(s))
                settled = True
        elif spelling == ")":
            parens -= 1
        elif spelling == "[":
            brackets += 1
            settled = settled or candidate is not None
        elif spelling == "]":
            brackets -= 1
        elif parens or brackets:
            continue
        elif spelling in (",", ";"):
            if candidate:
                names.append(candidate)
            candidate, settled = None, False
        elif spelling == "=":
            settled = True
        elif is_word(spelling) and not settled and spelling not in KEYWORDS:
            candidate = spelling
            if following == "(" and spellings[at + 2:at + 3] != ["*"]:
                settled = True
    if candidate:
        names.append(candidate)
    return names


def local_names(text):
    """Names at file scope that no other file can see: statics, types, tags, constants of enums."""
    found = []
    for declaration in map(without_attributes, declarations(text)):
        found += tags_and_constants(declaration)
        spellings = outer(declaration)
        if "typedef" in spellings or "static" in spellings:
            found += declarators(spellings)
    return list(dict.fromkeys(found))


def is_member(stream, at, in_struct):
    """Whether the word at `at` of the spoken tokens names a member and no thing at file scope."""
    before = stream[at - 1][1] if at else ""
    after = stream[at + 1][1] if at + 1 < len(stream) else ""
    if before in (".", "->"):
        return True
    if before == "," and at >= 4 and "offsetof" in (stream[at - 3][1], stream[at - 4][1]):
        return True
    if in_struct and before != "[":
        return after in (";", ",", "[", ":") or (before == "*" and after == ")")
    return False


def renamed(text, names):
    """The text with each name of the dict called by its value, members left alone."""
    stream = tokens(text)
    spoken = [token for token in stream if token[0] not in SILENT]
    structs = []
    for at, (kind, spelling, _) in enumerate(spoken):
        if spelling == "{" and kind == "mark":
            structs.append(opens_struct(spoken, at))
        elif spelling == "}" and kind == "mark" and structs:
            structs.pop()
        elif kind == "word" and spelling in names:
            if not is_member(spoken, at, bool(structs) and structs[-1]):
                spoken[at][1] = names[spelling]
    return "".join(token[1] for token in stream)


def opens_struct(spoken, at):
    """Whether the brace at `at` is a struct's: struct [attribute] [tag] {"""
    behind = [(token[1], 0) for token in spoken[max(at - 10, 0):at]]
    behind = [spelling for spelling, _ in without_attributes(behind)][-2:]
    return bool(behind) and (behind[-1] in ("struct", "union") or behind[0] in ("struct", "union"))
