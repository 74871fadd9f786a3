"""Random programs of scopes, variables, layers and templates, the same for every library that speaks TF1."""

import random

import numpy as np

NAMES = ["a", "b", "c", "a/b", "A", "d_1", "separable_conv1d"]
INPUTS = np.ones((1, 6, 3), "float32")
DEPTH = 4


class Program:
    """A program that a seed decides, and a log of what it saw."""

    def __init__(self, tf, seed):
        self.tf = tf
        self.random = random.Random(seed)
        self.log = []
        self.scopes = [tf.get_variable_scope()]
        self.layers = []
        self.templates = []

    def run(self):
        """Run it in the current graph; returns the log."""
        self.block(0)
        tf = self.tf
        self.log.append([variable.name for variable in tf.global_variables()])
        self.log.append([variable.name for variable in tf.trainable_variables()])
        self.log.append(len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)))
        self.log.append([len(layer.losses) for layer in self.layers])
        return self.log

    def chance(self, probability):
        return self.random.random() < probability

    def pick(self, *choices):
        return self.random.choice(choices)

    def reuse(self, *choices):
        return {True: True, False: False, None: None, "auto": self.tf.AUTO_REUSE}[self.pick(*choices)]

    def block(self, depth):
        for _ in range(self.random.randrange(1, 6)):
            try:
                if depth < DEPTH and self.chance(0.45):
                    self.inside(depth)
                else:
                    self.log.append(self.step())
            except Exception as error:  # the type is the fact under test
                self.log.append(f"raises {type(error).__name__}")

    def inside(self, depth):
        with self.scope() as scope:
            if isinstance(scope, str):
                self.log.append(scope)
            else:
                self.scopes.append(scope)
                self.log.append(self.facts(scope))
            self.block(depth + 1)

    def scope(self):
        tf, kind = self.tf, self.random.randrange(5)
        if kind == 0:
            return tf.name_scope(self.pick(*NAMES, None, "a/", ""))
        keywords = {"reuse": self.reuse(True, "auto", False)} if self.chance(0.3) else {}
        if self.chance(0.15):
            keywords["auxiliary_name_scope"] = False
        if kind == 1:
            return tf.variable_scope(None, default_name=self.pick(*NAMES), **keywords)
        return tf.variable_scope(self.pick(*self.scopes) if kind == 2 else self.pick(*NAMES), **keywords)

    def facts(self, scope):
        reuse = "auto" if scope.reuse is self.tf.AUTO_REUSE else scope.reuse
        return [scope.name, reuse, scope.original_name_scope]

    def step(self):
        steps = (self.get_variable, self.variable, self.function, self.layer, self.layer_again, self.template)
        return self.pick(*steps, self.name_scope, self.current_scope, self.reuse_from_here)()

    def get_variable(self):
        keywords = {"trainable": False} if self.chance(0.2) else {}
        if self.chance(0.2):
            keywords["regularizer"] = self.tf.reduce_sum
        return self.tf.get_variable(self.pick(*NAMES), [self.pick(1, 2)], **keywords).name

    def variable(self):
        return self.tf.Variable(1.0, name=self.pick(*NAMES, None)).name

    def function(self):
        name = self.pick(*self.scopes) if self.chance(0.1) else self.pick(None, "a", "L", "d")
        keywords = {"depthwise_regularizer": self.tf.reduce_sum} if self.chance(0.3) else {}
        reuse = self.reuse(None, None, True, "auto")
        self.tf.layers.separable_conv1d(
            INPUTS, self.pick(2, 2, 3), 2, use_bias=False, name=name, reuse=reuse, **keywords
        )
        return "convolved"

    def layer(self):
        reuse = self.reuse(None, None, None, True, "auto")
        layer = self.tf.layers.SeparableConv1D(2, 2, use_bias=False, name=self.pick(None, "L", "a"), _reuse=reuse)
        self.layers.append(layer)
        return self.call(layer)

    def layer_again(self):
        return self.call(self.pick(*self.layers)) if self.layers else None

    def call(self, layer):
        layer(INPUTS)
        return [layer.name, layer.scope_name]

    def template(self):
        if not self.templates or self.chance(0.4):
            name, now = self.pick(*NAMES), self.chance(0.4)
            template = self.tf.make_template(self.pick(*NAMES), lambda: self.tf.get_variable(name, [1]), now)
            self.templates.append(template)
        template = self.pick(*self.templates)
        return [template().name, template.variable_scope_name]

    def name_scope(self):
        with self.tf.name_scope(self.pick(*NAMES)) as scope:
            return scope

    def current_scope(self):
        return self.facts(self.tf.get_variable_scope())

    def reuse_from_here(self):
        if self.chance(0.2):
            self.tf.get_variable_scope().reuse_variables()
        return self.facts(self.tf.get_variable_scope())


def answer(tf, seed):
    """What the program of a seed logs, in a graph of its own."""
    with tf.Graph().as_default():
        return Program(tf, seed).run()
