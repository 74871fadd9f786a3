"""Families of TensorFlow's and Keras's names that are not here: a pattern of the whole name, and what to do instead."""

from __future__ import annotations

RUN = (
    "everything runs at once: call the function with arrays and use the array that it returns:\n"
    "    y = model(numpy.zeros((8, 100, 4), numpy.float32))\n"
    "    print(y.shape)"
)
INITIAL = (
    "variables hold their initial values as soon as they are created: leave the call out:\n"
    '    gain = tf.get_variable("gain", [3], initializer=tf.ones_initializer())\n'
    "    print(gain.numpy())"
)
PYTHON = "write it in Python, with `if`, `for` and functions: everything runs at once"
SERIES = "only series, arrays (N, L, C), are convolved and pooled here: use the 1-D layers, or reshape to series"
RECURRENT = (
    "there are no recurrent layers: loop over the steps in Python, or use causal convolutions, "
    "`tf.layers.separable_conv1d(x, filters, taps, padding='causal')`"
)
ATTENTION = "write attention with `tf.matmul` and `tf.nn.softmax`, and its projections with `tf.layers.dense`"
ASSERT = "use Python's `assert` with NumPy, such as `assert numpy.all(x > 0)`, or `numpy.testing`"
SPARSE = "arrays are dense here: make the array dense, or use scipy.sparse beside this library"
RAGGED = "series of one array have one length: pad them and use `tf.sequence_mask`"
TEXT = "arrays hold numbers only: use Python's str for text"
FILES = (
    "read the file with NumPy or h5py; `nb_sepconv.batch` applies models to files, `nb_sepconv.weights` opens weights"
)
PIPELINE = "loop over arrays in Python; `nb_sepconv.batch` applies a model to files of any length"
QUEUE = "use Python's lists, dicts and `queue`, and `threading.Lock`"
QUANTIZED = "computations are in float16, bfloat16, float32 or float64: convert quantized numbers to one of them"
LINEAR = "use `numpy.linalg` on the arrays"
FOURIER = "use `numpy.fft` or `scipy.signal` on the arrays"
SPECIAL = "use `scipy.special` on the arrays"
SCATTER = "assign to elements of an array with NumPy, as `x[index] = values` and `numpy.add.at(x, index, values)` do"
SEGMENTS = "use `tf.segment_sum`, `tf.unsorted_segment_sum` and `tf.unsorted_segment_max`, or `numpy.add.reduceat`"
RANDOM = "use a generator of NumPy, as `numpy.random.default_rng(0).poisson(2.0, shape)`; `tf.random_uniform` is here"
RUNTIME = "it sets up TensorFlow's runtime, which is not here: leave it out"
SWITCH = "the library works in one way, as TensorFlow 1 names things and eagerly: leave it out"
GRAPH = "there is no graph of operations: functions of arrays take its place"
DEFINED = "new operations are Python functions of arrays here, and so are their gradients: see docs/how-to/training.md"
TYPES = "use NumPy's types; float16, bfloat16, float32 and float64 are computed with"
VERSIONS = "use `nb_sepconv.__version__`; `nb_sepconv.show_config()` tells what runs here"
METRICS = "compute metrics with NumPy on the outputs"
ESTIMATOR = "write a loop over batches: see docs/how-to/training.md"
CONTRIB = "`tf.contrib` left TensorFlow with version 2: use `tf.layers`, `tf.nn` and NumPy, whose names are here"
HOOKS = "write a loop over batches in Python, and what a hook would do into it"
CLUSTER = "a process is one machine here: `nb_sepconv.batch` shards jobs, and Dask carries arrays over machines"
OPTIMIZERS = "use one of the optimizers that `nb_sepconv.train` has, such as `AdamOptimizer`"
SAMPLED = "there are no sampled losses: use `tf.nn.sparse_softmax_cross_entropy_with_logits` over all classes"
CTC = "there is no CTC here: compute it with another library on the outputs"
POOLING = "use `tf.layers.max_pooling1d` and `tf.layers.average_pooling1d`"
NORMALIZED = "use `tf.layers.batch_normalization` or `tf.nn.batch_normalization`, and `tf.nn.moments`"
MERGE = "join arrays with operators and `tf.concat`, as `x + y`, in a function or a layer of your own"
AUGMENT = "change the data with NumPy before the model is called"
NOISE = "add noise with NumPy before the layer is called; `tf.keras.layers.Dropout` is here"
TRANSPOSED = "repeat or insert steps with NumPy, then use `Conv1D` or `SeparableConv1D`"
OWN_LAYER = "derive a layer from `tf.keras.layers.Layer`, or call a function between the layers"
DEPTHWISE = "use `tf.ops.depthwise_conv1d` in a layer of your own, or `SeparableConv1D`"
MODEL = (
    "the library has `keras.Sequential` and no graphs of layers: for other models call layers in a function of your own"
)
LOSS = "compute the loss with NumPy, and give its derivative by the outputs to the layer's pullback instead"
CHECKPOINT = "use `nb_sepconv.train.load_checkpoint(path)` or `nb_sepconv.weights.load(path)`"
KERAS_DATA = "load and change the data with NumPy; `nb_sepconv.batch` applies models to files"
KERAS_TRAINING = "train with the optimizers of `nb_sepconv.train` and a loop: see docs/how-to/training.md"
KERAS_RUNTIME = "there are no backends: arrays are NumPy's, and everything runs at once"
KERAS_OPS = "use `nb_sepconv.ops`, the array words of `nb_sepconv` and NumPy"

_RECURRENT = r".*(RNN|LSTM|GRU|_rnn|rnn_).*|SimpleRNN.*|Bidirectional|TimeDistributed"
_TWO_AXES = r".*(2D|3D|2d|3d)(_.*|Transpose.*)?"

FAMILIES: dict[str, tuple[tuple[str, str], ...]] = {
    "nb_sepconv": (
        (r"(Interactive)?Session|placeholder.*|get_default_session|run", RUN),
        (r".*_variables_initializer|variables_initializer|initialize_.*variables|initialize_all_tables", INITIAL),
        (r"tables_initializer|report_uninitialized_variables|is_variable_initialized|assert_variables_.*", INITIAL),
        (r"contrib", CONTRIB),
        (
            r"compat",
            "`import nb_sepconv as tf` stands for `import tensorflow.compat.v1 as tf`: use `tf` without `compat.v1`",
        ),
        (
            r"(fixed_size|variable_axis_size|min_max_variable)_partitioner|create_partitioned_variables",
            "variables are whole and live in this process's memory: leave it out",
        ),
        (
            r"assign(_add|_sub)?",
            "variables have these as methods: use `variable.assign(value)`, `assign_add` or `assign_sub`",
        ),
        (r"random", "use `set_random_seed`, `tf.random_uniform` and NumPy"),
        (r"float|half|double", "use bfloat16, float16, float32 or float64"),
        (
            r"saved_model",
            "use `nb_sepconv.weights.load(folder)` for the variables: graphs of operations are not read, call "
            "a function",
        ),
        (r"assert_.*|Assert|debugging|check_numerics|verify_tensor_all_finite|add_check_numerics_ops", ASSERT),
        (r"is_(non_decreasing|strictly_increasing|numeric_tensor|tensor|symbolic_tensor)|ensure_shape", ASSERT),
        (r"test", "use pytest and `numpy.testing`"),
        (r".*[Ss]parse.*|IndexedSlices.*|edit_distance|convert_to_tensor_or_.*|sets", SPARSE),
        (r".*[Rr]agged.*", RAGGED),
        (r"string.*|.*_string|regex_.*|substr|(en|de)code_base64|reduce_join|fingerprint|string_.*", TEXT),
        (
            r".*Reader(Base)?|FixedLen.*|VarLen.*|(de)?serialize_.*|parse_.*|decode_.*|(read|write)_file|matching_files",
            FILES,
        ),
        (r"python_io|gfile|io|image|audio|lite|saved_model|resource_loader", FILES),
        (r"data|feature_column|lookup|queue", PIPELINE),
        (r".*Queue.*|.*Accumulator.*|CriticalSection|TensorArray.*|container|get_session_.*|delete_session_.*", QUEUE),
        (r".*[Qq]uant.*|q?u?int(8|16|32)_.*|q(u)?int\d+|fake_quant.*|bitcast", QUANTIZED),
        (r"control_dependencies|group|no_op|tuple|cond|case|switch_case|while_loop|map_fn|scan|foldl|foldr", PYTHON),
        (r"vectorized_map|py_func(tion)?|numpy_function|count_up_to|[Pp]rint|grad_pass_through", PYTHON),
        (r"identity_n|nondifferentiable_batch_function|guarantee_const|parallel_stack|shape_n|recompute_grad", PYTHON),
        (r"batch_to_.*|space_to_.*|depth_to_.*|required_space_.*|extract_.*_patches|conv\d?d?_.*|conv", SERIES),
        (r"(batch_)?matrix_.*|cholesky.*|qr|svd|self_adjoint_.*|linalg|eig.*|logdet|lu|cross", LINEAR),
        (r".*fft.*|spectral|signal", FOURIER),
        (r"l?beta.*|(l|di|poly|i)gamma.*|zeta|lgamma|distributions", SPECIAL),
        (r"(batch_)?scatter_.*|tensor_scatter_.*|dynamic_(partition|stitch)|batch_gather", SCATTER),
        (r"(unsorted_)?segment_.*|sparse_segment_.*", SEGMENTS),
        (r"random.*|multinomial|stateless_.*", RANDOM),
        (r"tpu|xla|mlir|distribute|device.*|Device.*|colocate_with|autograph|config|sysconfig|profiler|types", RUNTIME),
        (r"load_(op_)?library|load_file_system_library|experimental|raw_ops|user_ops|manip|nest|resource.*", RUNTIME),
        (r"ConfigProto|GPUOptions|OptimizerOptions|GraphOptions|Run(Metadata|Options)|SessionLog|LogMessage", RUNTIME),
        (r"Event|mixed_precision|init_scope|graph_util|variant|timestamp|check_pinned|get_seed", GRAPH),
        (r"(en|dis)able_.*|.*_enabled|executing_eagerly.*|control_flow_.*", SWITCH),
        (r"op_scope|variable_op_scope", "use `tf.name_scope` and `tf.variable_scope`"),
        (r"variable_creator_scope", "use the argument `custom_getter` of `tf.variable_scope`"),
        (r"all_variables", "use `tf.global_variables`"),
        (r"wrap_function", "leave it out: functions of arrays run as they are written"),
        (r"Module", "derive a layer from `tf.keras.layers.Layer`"),
        (r"app|flags|logging|get_logger", "use Python's `argparse` and `logging`"),
        (r".*(GraphDef|NodeDef|Proto|AttrValue|AttrList|TensorInfo)|(make|read)_tensor_proto|make_ndarray", GRAPH),
        (r".*Spec|.*_spec_.*|OpError|errors|Operation|import_graph_def|AggregationMethod|get_static_value", GRAPH),
        (
            r"UnconnectedGradients|gradients|hessians|GradientTape",
            "there is no graph of operations: use "
            "`layer.value_and_pullback` or `nb_sepconv.ops.separable_conv1d_gradients`",
        ),
        (r"No(t)?(Gradient|Differentiable)|no_gradient|RegisterGradient|register_tensor_.*|custom_gradient", DEFINED),
        (r"DType|as_dtype|dtypes|u?int\d+|complex.*|to_complex.*|bitwise|QUANTIZED_DTYPES", TYPES),
        (r".*VERSION.*|CXX.*|COMPILER.*|MONOLITHIC_BUILD|version", VERSIONS),
        (r"metrics|confusion_matrix|histogram_.*|summary|Summary.*", METRICS),
        (r"estimator", ESTIMATOR),
        (
            r"TensorShape|dimension_(value|at_index)|broadcast_(static|dynamic)_shape",
            "shapes are tuples of ints with `as_list()`: use `x.shape`, and `numpy.broadcast_shapes`",
        ),
        (r"clip_by_average_norm", "use `tf.clip_by_norm(x, norm * numpy.size(x))`"),
        (r"unique_with_counts", "use `numpy.unique(x, return_counts=True)`"),
        (r"setdiff1d|sort|argsort|approx_top_k", "use `numpy.sort`, `numpy.argsort` and `numpy.setdiff1d`"),
        (r"arg_(max|min)", "use `tf.argmax` and `tf.argmin`"),
        (r"scatter_(add|sub|update|mul|div|max|min)", SCATTER),
        (r"math", "the functions of `tf.math` stand in `nb_sepconv` itself, as `tf.exp` and `tf.reduce_sum`"),
    ),
    "layers": (
        (_TWO_AXES, SERIES),
        (r"Layer|experimental", "derive a layer from `tf.keras.layers.Layer`"),
    ),
    "nn": (
        (_RECURRENT, RECURRENT),
        (r"ctc_.*|collapse_repeated", CTC),
        (r".*candidate_sampler|nce_loss|sampled_softmax_loss|compute_accidental_hits|log_poisson_loss", SAMPLED),
        (r".*quantized.*", QUANTIZED),
        (r"(avg|max)_pool(1d|_v2)?|pool|fractional_.*|max_pool_with_argmax", POOLING),
        (r".*(2d|3d).*|depthwise_.*|atrous_.*|conv_transpose|conv1d_transpose|.*space_to_.*|depth_to_space", SERIES),
        (r"batch_norm_.*|fused_batch_norm|lrn|local_response_.*|normalize_moments|.*moments|sufficient_.*", NORMALIZED),
        (r".*embedding_lookup.*", "use `tf.nn.embedding_lookup`, and `tf.reduce_sum` over what it returns"),
        (r"approx_(max|min)_k", "use `tf.nn.top_k`"),
        (r"relu_layer", "use `tf.nn.relu(tf.nn.xw_plus_b(x, weights, biases))`, or `tf.layers.dense`"),
        (r"compute_average_loss|scale_regularization_loss", "use `tf.reduce_mean` over the losses"),
        (r"experimental", RUNTIME),
    ),
    "train": (
        (r"load_variable|NewCheckpointReader", CHECKPOINT),
        (r"Checkpoint(Manager)?", "use `nb_sepconv.train.Saver`, which reads and writes checkpoints, instead"),
        (r"(get|update)_checkpoint_state", "use `nb_sepconv.train.latest_checkpoint(folder)`"),
        (
            r"(im|ex)port_meta_graph",
            "use `nb_sepconv.train.Saver().restore(None, path)` after calling the function that makes the variables",
        ),
        (r"ExponentialMovingAverage", "use NumPy: `average = decay * average + (1 - decay) * value` after each step"),
        (r".*(Hook|Session.*|Monitor.*|Supervisor|Scaffold|Coordinator|Listener|LooperThread|Timer)", HOOKS),
        (r"NanLossDuringTrainingError|basic_train_loop|add_queue_runner|QueueRunner|queue_runner|start_queue.*", HOOKS),
        (r"(maybe_|shuffle_|)*batch(_join)?|.*_producer|limit_epochs|match_filenames_once|summary_iterator", PIPELINE),
        (r"Example|SequenceExample|Features?|FeatureLists?|(Bytes|Float|Int64)List", FILES),
        (r"Cluster.*|Server.*|Job.*|.*replica.*|Sync.*|ChiefSession.*|WorkerSession.*", CLUSTER),
        (r".*Optimizer|sdca_.*", OPTIMIZERS),
        (r".*decay.*", "use one of the decays that `nb_sepconv.train` has, such as `exponential_decay`"),
        (
            r"(generate|get|update|remove|checkpoint)s?_.*|.*checkpoint.*|SaverDef|CheckpointOptions|warm_start",
            "use `nb_sepconv.train.Saver`, `latest_checkpoint(folder)` and `list_variables(path)`",
        ),
        (r"VocabInfo", "use `nb_sepconv.train.init_from_checkpoint`"),
        (r"write_graph|do_quantize_.*|experimental", GRAPH),
    ),
    "initializers": ((r"(global|local)_variables|variables|tables_initializer", INITIAL),),
    "keras": (
        (r"Model|Functional", MODEL),
        (
            r"KerasTensor|Operation|Function|Symbolic.*|StatelessScope|tree|backend|device.*|distri.*|remat|RematScope",
            KERAS_RUNTIME,
        ),
        (
            r"(name_scope|src|legacy|export|version|utils|visualization|wrappers|quantizers|Quantizer|saving)",
            KERAS_RUNTIME,
        ),
        (
            r"DTypePolicy|FloatDTypePolicy|dtype_policies|mixed_precision|config",
            "use the arguments `dtype` and `data_format`, or write `floatx` and `image_data_format` into keras.json",
        ),
        (r"callbacks|distillation|losses|Loss|metrics|Metric|optimizers|Optimizer", KERAS_TRAINING),
        (r"datasets|preprocessing|applications", KERAS_DATA),
        (r"ops", KERAS_OPS),
        (r"random", RANDOM),
        (r"Variable", "use `layer.add_weight`, or `tf.Variable`"),
        (r"Layer|InputSpec", "it stands in `keras.layers`"),
        (
            r"Initializer|Regularizer|Constraint",
            "use a function, or derive from `initializers.Initializer` and its like",
        ),
    ),
    "keras.models": (
        (r"Model|clone_model", MODEL),
        (r"save_model", "use `nb_sepconv.weights.save` for the weights, and `model.get_config()`"),
    ),
    "keras.initializers": ((r"STFT.*|stft", FOURIER),),
    "keras.layers": (
        (
            r"(Random|Rand|Auto|Aug|Mix|Cut|Center|MaxNum|Contrast|Solar|Equal|Rescal|Resiz).*",
            AUGMENT,
        ),
        (r".*(2D|3D|2DTranspose|3DTranspose)", SERIES),
        (_RECURRENT, RECURRENT),
        (r".*Attention", ATTENTION),
        (r"Add|add|Subtract|subtract|Multiply|multiply|Average|average|Maximum|maximum|Minimum|minimum", MERGE),
        (r"Concatenate|concatenate|Dot|dot|EinsumDense", MERGE),
        (r".*Noise|.*Dropout", NOISE),
        (r".*1DTranspose|UpSampling1D|RepeatVector", TRANSPOSED),
        (r"DepthwiseConv1D", DEPTHWISE),
        (r"TextVectorization|.*Lookup|Hash.*|CategoryEncoding|Discretization|Pipeline", KERAS_DATA),
        (r"Mel.*|STFT.*", FOURIER),
        (r"(Flax|Jax|TFSM|Torch).*", KERAS_RUNTIME),
        (r".*Embedding", "use `tf.nn.embedding_lookup` before the model is called"),
        (r"AdaptiveAverage.*|AdaptiveMax.*", "use `AveragePooling1D`, `MaxPooling1D` and their global kin"),
        (
            r"(Group|RMS|Spectral|Unit|)Normalization",
            "use `BatchNormalization` or `LayerNormalization`, or NumPy in a layer of your own",
        ),
        (r"ELU|PReLU", "use `Activation('elu')`, or a layer of your own"),
        (r"(de)?serialize", "use `layer.get_config()` and `Class.from_config(config)`"),
        (r"Lambda|Wrapper|Masking|Permute|Identity|Cropping1D|ActivityRegularization", OWN_LAYER),
    ),
}
