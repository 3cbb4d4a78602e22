//! Classes that name characters outside ASCII get Unicode mode for themselves,
//! although patterns match bytes.
//!
//! The rewriting is done on the syntax tree, so that positions in messages stay
//! those of the text as written.

use regex_syntax::ast::{
    Ast, ClassSet, ClassSetItem, Flag, Flags, FlagsItem, FlagsItemKind, Group, GroupKind, Literal, Span,
};

use super::{PatternError, position};

/// The most class escapes (`\p{L}`, `\w`, …) in one pattern: each can stand for hundreds of ranges.
const CLASSES: usize = 256;

/// Wraps every class that needs it in `(?u:…)`.
pub(super) fn widen(text: &str, ast: &mut Ast) -> Result<(), PatternError> {
    let mut widening = Widening { text, classes: 0 };
    widening.ast(ast)
}

struct Widening<'t> {
    text: &'t str,
    classes: usize,
}

/// What a class holds: characters outside ASCII, and bytes from 80 up.
#[derive(Default)]
struct Holds {
    characters: bool,
    high_bytes: bool,
}

impl Widening<'_> {
    /// Recursion is as deep as the parser's nest limit allows.
    fn ast(&mut self, ast: &mut Ast) -> Result<(), PatternError> {
        let span = match ast {
            Ast::Repetition(repetition) => return self.ast(&mut repetition.ast),
            Ast::Group(group) => return self.ast(&mut group.ast),
            Ast::Alternation(alternation) => {
                return alternation.asts.iter_mut().try_for_each(|ast| self.ast(ast));
            }
            Ast::Concat(concat) => return concat.asts.iter_mut().try_for_each(|ast| self.ast(ast)),
            Ast::ClassPerl(class) => return self.count(&class.span),
            Ast::ClassUnicode(class) => {
                self.count(&class.span)?;
                class.span
            }
            Ast::ClassBracketed(class) => {
                let mut holds = Holds::default();
                self.class(&class.kind, &mut holds)?;
                match (holds.characters, holds.high_bytes) {
                    (false, _) => return Ok(()),
                    (true, true) => {
                        return Err(PatternError::MixedClass { position: position(self.text, &class.span) });
                    }
                    (true, false) => class.span,
                }
            }
            Ast::Empty(_) | Ast::Flags(_) | Ast::Literal(_) | Ast::Dot(_) | Ast::Assertion(_) => {
                return Ok(());
            }
        };
        let class = std::mem::replace(ast, Ast::empty(span));
        let flag = FlagsItem { span, kind: FlagsItemKind::Flag(Flag::Unicode) };
        let kind = GroupKind::NonCapturing(Flags { span, items: vec![flag] });
        *ast = Ast::group(Group { span, kind, ast: Box::new(class) });
        Ok(())
    }

    fn class(&mut self, set: &ClassSet, holds: &mut Holds) -> Result<(), PatternError> {
        match set {
            ClassSet::Item(item) => self.item(item, holds),
            ClassSet::BinaryOp(operation) => {
                self.class(&operation.lhs, holds)?;
                self.class(&operation.rhs, holds)
            }
        }
    }

    fn item(&mut self, item: &ClassSetItem, holds: &mut Holds) -> Result<(), PatternError> {
        let mut literal = |literal: &Literal| match literal.byte() {
            Some(byte) => holds.high_bytes |= !byte.is_ascii(),
            None => holds.characters |= !literal.c.is_ascii(),
        };
        match item {
            ClassSetItem::Empty(_) | ClassSetItem::Ascii(_) => Ok(()),
            ClassSetItem::Literal(single) => {
                literal(single);
                Ok(())
            }
            ClassSetItem::Range(range) => {
                literal(&range.start);
                literal(&range.end);
                Ok(())
            }
            ClassSetItem::Unicode(class) => {
                holds.characters = true;
                self.count(&class.span)
            }
            ClassSetItem::Perl(class) => self.count(&class.span),
            ClassSetItem::Bracketed(class) => self.class(&class.kind, holds),
            ClassSetItem::Union(union) => union.items.iter().try_for_each(|item| self.item(item, holds)),
        }
    }

    fn count(&mut self, span: &Span) -> Result<(), PatternError> {
        self.classes += 1;
        if self.classes > CLASSES {
            return Err(PatternError::TooManyClasses { position: position(self.text, span) });
        }
        Ok(())
    }
}
